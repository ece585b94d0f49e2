/**
 * Writes src/agent/layouts.gen.ts: how to read and write the structures that BPF programs share
 * with us, from the BTF of build/bpf/layouts.o. `--check` compares instead, for CI.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const target = 'src/agent/layouts.gen.ts';

interface BtfType {
  id: number;
  kind: string;
  name: string;
  size?: number;
  type_id?: number;
  bits_offset?: number;
  nr_bits?: number;
  encoding?: string;
  members?: { name: string; type_id: number; bits_offset: number }[];
  values?: { name: string; val: number }[];
}

const dump = execFileSync('bpftool', ['btf', 'dump', 'file', 'build/bpf/layouts.o', '-j'], { encoding: 'utf8' });
const types = new Map((JSON.parse(dump) as { types: BtfType[] }).types.map((type) => [type.id, type]));

function resolved(id: number): BtfType {
  const type = types.get(id);
  if (type === undefined) throw new Error(`BTF type ${id} is missing`);
  return ['TYPEDEF', 'CONST', 'VOLATILE'].includes(type.kind) ? resolved(type.type_id ?? 0) : type;
}

const camel = (name: string): string => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const pascal = (name: string): string => camel(`_${name}`);

/** The DataView accessor of an integer type and the type that it gives. */
function accessor(type: BtfType): { method: string; gives: 'number' | 'bigint'; little: string } | null {
  if (type.kind !== 'INT' && type.kind !== 'ENUM') return null;
  const bits = (type.size ?? 4) * 8;
  const signed = type.kind === 'INT' && type.encoding === 'SIGNED';
  const big = bits === 64;
  return {
    method: `${big ? 'Big' : ''}${signed ? 'Int' : 'Uint'}${bits}`,
    gives: big ? 'bigint' : 'number',
    little: bits === 8 ? '' : ', true',
  };
}

const out: string[] = [
  '/* Written by scripts/layouts.ts from the BTF of bpf/observed.h. Both machines that we support are little-endian. */',
  '',
];
const variables = [...types.values()].filter((type) => type.kind === 'VAR').map((type) => resolved(type.type_id ?? 0));
for (const type of variables.toSorted((a, b) => a.name.localeCompare(b.name))) {
  if (type.kind === 'ENUM') {
    for (const { name, val } of type.values ?? []) out.push(`export const ${name} = ${val};`);
    out.push('');
    continue;
  }
  const fields = (type.members ?? []).flatMap((member) => {
    const read = accessor(resolved(member.type_id));
    return /^pad\d*$/.test(member.name) || read === null
      ? []
      : [{ ...member, name: camel(member.name), at: member.bits_offset / 8, ...read }];
  });
  const name = pascal(type.name);
  out.push(`export const sizeOf${name} = ${type.size};`);
  // A structure or an array within: its place, for its own reader.
  for (const { name: inner, type_id, bits_offset } of type.members ?? []) {
    if (['STRUCT', 'ARRAY'].includes(resolved(type_id).kind) && !inner.startsWith('pad'))
      out.push(`export const ${camel(inner)}In${name} = ${bits_offset / 8};`);
  }
  out.push('');
  if (fields.length === 0) continue;
  out.push(`export interface ${name} {`);
  for (const field of fields) out.push(`  readonly ${field.name}: ${field.gives};`);
  out.push('}');
  out.push(`export function read${name}(view: DataView, at: number): ${name} {`, '  return {');
  for (const field of fields) out.push(`    ${field.name}: view.get${field.method}(at + ${field.at}${field.little}),`);
  out.push('  };', '}');
  out.push(`export function write${name}(view: DataView, at: number, value: ${name}): void {`);
  for (const field of fields)
    out.push(`  view.set${field.method}(at + ${field.at}, value.${field.name}${field.little});`);
  out.push('}', '');
}
const text = out.join('\n');
if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== text) {
    process.stderr.write(`${target} differs from bpf/observed.h; run 'make layouts' and commit it\n`);
    process.exitCode = 1;
  }
} else writeFileSync(target, text);
