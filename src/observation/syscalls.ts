/** System call names and numbers of each architecture, generated once from kernel headers. */
import type { Architecture } from './observation.ts';
import { tables } from './syscalls.gen.ts';

interface Table {
  readonly byName: ReadonlyMap<string, number>;
  readonly byNumber: ReadonlyMap<number, string>;
}

function table(text: string): Table {
  const rows = text.split('\n').map((row): [string, number] => {
    const [name = '', nr] = row.split(' ');
    return [name, Number(nr)];
  });
  return { byName: new Map(rows), byNumber: new Map(rows.map(([name, nr]) => [nr, name])) };
}

/** 32-bit arm has no table here: its calls, made by compat programs on aarch64, stay numbers. */
const known: Readonly<Record<Architecture, Table>> = {
  x86_64: table(tables.x86_64),
  x86: table(tables.x86),
  x32: table(tables.x32),
  aarch64: table(tables.aarch64),
  arm: { byName: new Map(), byNumber: new Map() },
};

/** AUDIT_ARCH_ constants (linux/audit.h) as audit records write them. x32 is told by bit 30 of the number. */
const audited: Readonly<Record<string, Architecture>> = {
  c000003e: 'x86_64',
  '40000003': 'x86',
  c00000b7: 'aarch64',
  '40000028': 'arm',
};
const X32_BIT = 0x4000_0000;

/** The call that a record's `arch` and `syscall` mean; null for an architecture that is not known here. */
export function auditedCall(arch: string, nr: number): { readonly arch: Architecture; readonly nr: number } | null {
  const known = audited[arch];
  if (known === undefined || !Number.isInteger(nr) || nr < 0) return null;
  return known === 'x86_64' && nr >= X32_BIT ? { arch: 'x32', nr: nr - X32_BIT } : { arch: known, nr };
}

/** The name of a number; null when our table has none. x32 numbers come without their marker bit 30. */
export function syscallName(arch: Architecture, nr: number): string | null {
  return known[arch].byNumber.get(nr) ?? null;
}

/** The number of a name; null when the architecture has no such call, or our table does not know it. */
export function syscallNumber(arch: Architecture, name: string): number | null {
  return known[arch].byName.get(name) ?? null;
}

/** Every name of an architecture, by number. */
export function syscallNames(arch: Architecture): string[] {
  return [...known[arch].byName.keys()];
}

/** Whether any architecture has a call of this name. */
export function isSyscallName(name: string): boolean {
  return Object.values(known).some(({ byName }) => byName.has(name));
}
