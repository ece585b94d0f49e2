/** The rules of DESIGN.md about who may know whom. The tables are the law; change them on purpose. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { kinds } from '#policies/index.ts';

const src = fileURLToPath(new URL('.', import.meta.url));

/** What each layer may import of the others. Pure ones know pure ones only. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  kubernetes: [],
  observation: ['kubernetes'],
  baseline: ['kubernetes', 'observation'],
  policies: ['kubernetes', 'observation', 'baseline'],
  proof: ['kubernetes', 'observation', 'baseline', 'policies'],
  imports: ['kubernetes', 'observation'],
  // Standards that no artifact of ours carries: manifests are judged and changed by them.
  posture: ['kubernetes', 'observation', 'baseline'],
  agent: ['kubernetes', 'observation'],
  api: ['kubernetes', 'observation', 'baseline', 'policies', 'proof'],
  // An API server's audit log comes in at the broker's door.
  broker: ['kubernetes', 'observation', 'baseline', 'policies', 'proof', 'imports', 'api'],
  // The command line starts the others by their own entries, when it needs them.
  cli: ['kubernetes', 'observation', 'baseline', 'policies', 'proof', 'imports', 'posture', 'api', 'agent', 'broker'],
};
/** What one layer may know of another that it only starts. */
const entries: Readonly<Record<string, readonly string[]>> = {
  // It records one command, or a node.
  agent: ['#agent/record.ts', '#agent/main.ts'],
  broker: ['#broker/main.ts'],
};
const pure = ['kubernetes', 'observation', 'baseline', 'policies', 'proof', 'imports', 'posture', 'api'];
const pureLibraries = ['zod', 'yaml', 'ipaddr.js', '@datadog/sketches-js', '@marcbachmann/cel-js'];
/** Clock, chance, environment: what a pure function gets as an argument instead. */
const effects = /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bprocess\.|\bperformance\.|\bfetch\(|\bconsole\./;

interface Source {
  /** Below src, `policies/seccomp/generate.ts`. */
  readonly path: string;
  readonly layer: string;
  readonly text: string;
  readonly imports: readonly string[];
}

function sources(folder: string): Source[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const full = join(folder, entry.name);
    if (entry.isDirectory()) return sources(full);
    if (!entry.name.endsWith('.ts')) return [];
    const text = readFileSync(full, 'utf8');
    const path = relative(src, full);
    const imports = [...text.matchAll(/^(?:import|export|\}) ?[^;'=]*from '([^']+)'|import\('([^']+)'\)/gm)].map(
      ([, name, later]) => name ?? later ?? '',
    );
    return [{ path, layer: path.split('/')[0] ?? '', text, imports }];
  });
}

const all = sources(src);
// Arbitraries are for tests alone; another test here makes sure of that.
const isTest = ({ path }: Source): boolean => /(\.test|\.cases|arbitraries)\.ts$/.test(path);
const product = all.filter((source) => !isTest(source));
/** The file below src that an import names; null for a package. */
function target(source: Source, name: string): string | null {
  if (name.startsWith('#')) return name.slice(1);
  return name.startsWith('.') ? relative(src, join(src, source.path, '..', name)) : null;
}

test('layers import only what the table allows, by name', () => {
  for (const source of product) {
    for (const name of source.imports) {
      const layer = target(source, name)?.split('/')[0];
      if (layer === undefined || layer === source.layer || name.includes('package.json')) continue;
      assert.ok(name.startsWith('#'), `${source.path} imports ${name} without naming the layer`);
      assert.ok(mayImport[source.layer]?.includes(layer), `${source.path} imports ${name}`);
      if (layer in entries) assert.ok(entries[layer]?.includes(name), source.path);
    }
  }
});

test('pure layers have no clock, chance, file, network or environment', () => {
  for (const source of product.filter(({ layer }) => pure.includes(layer))) {
    const outside = source.imports.filter((name) => target(source, name) === null && !pureLibraries.includes(name));
    assert.deepEqual(outside, [], source.path);
    assert.doesNotMatch(source.text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, ''), effects, source.path);
  }
});

test('only src/agent/libbpf speaks to foreign functions', () => {
  for (const { path, imports } of product) {
    if (!path.startsWith('agent/libbpf/')) assert.ok(!imports.includes('koffi'), path);
  }
});

test('a kind never imports another kind, and a judge never what it judges', () => {
  for (const source of product.filter(({ path }) => /^policies\/[^/]+\//.test(path))) {
    const kind = source.path.split('/')[1];
    for (const name of source.imports) {
      const path = target(source, name);
      if (path?.startsWith('policies/') && path.split('/').length > 2)
        assert.equal(path.split('/')[1], kind, source.path);
    }
  }
  for (const start of product.filter(({ path }) => /^policies\/[^/]+\/evaluate\.ts$/.test(path))) {
    const known = new Set<string>();
    for (let open = [start.path]; open.length > 0; ) {
      const path = open.pop() ?? '';
      if (known.has(path)) continue;
      known.add(path);
      const source = product.find((each) => each.path === path);
      open = open.concat(source?.imports.flatMap((name) => target(source, name) ?? []) ?? []);
    }
    assert.deepEqual(
      [...known].filter((path) => /[/-](generate|write)(\.ts$|\/)/.test(path)),
      [],
      start.path,
    );
  }
});

test("every kind's folder is in the list, and the reverse", () => {
  const folders = readdirSync(join(src, 'policies')).filter((name) =>
    statSync(join(src, 'policies', name)).isDirectory(),
  );
  assert.deepEqual(kinds.map(({ name }) => name).toSorted(), folders.toSorted());
  for (const folder of folders)
    assert.ok(existsSync(join(src, 'policies', folder, 'README.md')), `${folder} has no README.md`);
});

test('nothing outside a kind asks which kind it is', () => {
  const names = kinds.map(({ name }) => name).join('|');
  for (const { path, text } of product.filter(({ path }) => !path.startsWith('policies/'))) {
    assert.doesNotMatch(text, new RegExp(`(kind|kind\\.name|name) === '(${names})'`), path);
  }
});

test('files are named for their subject, and are read in one sitting', () => {
  for (const { path, text } of all) {
    assert.doesNotMatch(basename(path), /^(utils?|helpers?|common|types|manager)\b/, path);
    if (!path.endsWith('.gen.ts')) assert.ok(text.split('\n').length <= 300, `${path} has over 300 lines`);
  }
});

test('arbitraries are imported by tests only', () => {
  for (const { path, imports } of product) assert.ok(!imports.some((name) => name.includes('arbitraries')), path);
});
