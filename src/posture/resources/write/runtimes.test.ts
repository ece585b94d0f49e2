import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runtimeNotes } from './runtimes.ts';

const limits = { memory: '512Mi', cpu: '1500m' };
const notes = (container: object): string[] =>
  runtimeNotes({ spec: { containers: [{ name: 'app', resources: { limits }, ...container }] } });
const env = (name: string, value: unknown): object => ({ env: [{ name, value }] });

const cases: readonly (readonly [what: string, container: object, told: RegExp | null])[] = [
  [
    'a heap of Java above the limit',
    env('JAVA_TOOL_OPTIONS', '-Xms64m -Xmx1g'),
    /^app: -Xmx1g of JAVA_TOOL_OPTIONS .* 1 GiB, .* 512 MiB/,
  ],
  ['a heap below the limit is nothing', env('JAVA_TOOL_OPTIONS', '-Xmx256m'), null],
  ['of two heaps the last counts', env('_JAVA_OPTIONS', '-Xmx1g -Xmx128M'), null],
  [
    'a heap in the arguments',
    { command: ['java', '-Xmx2G', '-jar', 'a.jar'] },
    /^app: -Xmx2G of its arguments .* 2 GiB/,
  ],
  ['what only looks like a flag', env('JAVA_TOOL_OPTIONS', '-Dx=-Xmx2g -Xmx2gb'), null],
  [
    'a share of the limit',
    env('JAVA_OPTS', '-XX:MaxRAMPercentage=75.0'),
    /^app: by MaxRAMPercentage=75\.0 .*: 384 MiB of 512 MiB$/,
  ],
  ['a heap of Node', env('NODE_OPTIONS', '--max-old-space-size=4096'), /4 GiB/],
  ['a heap of Node, as V8 writes it', { args: ['node', '--max_old_space_size=1024', 'a.js'] }, /1 GiB/],
  ['a soft limit of Go that is none', env('GOMEMLIMIT', '1GiB'), /^app: 1GiB of GOMEMLIMIT/],
  ['a soft limit of Go', env('GOMEMLIMIT', '400MiB'), null],
  ['GOMEMLIMIT=off', env('GOMEMLIMIT', 'off'), null],
  ['threads of Go that wait', env('GOMAXPROCS', '8'), /^app: GOMAXPROCS=8 .* 1\.5 cores/],
  ['threads of Go that a limit holds', env('GOMAXPROCS', '2'), null],
  ['another variable', env('HEAP', '-Xmx2g'), null],
  ['a value from elsewhere', { env: [{ name: 'JAVA_TOOL_OPTIONS', valueFrom: {} }, null, 3] }, null],
  ['no limit', { ...env('JAVA_TOOL_OPTIONS', '-Xmx8g'), resources: {} }, null],
];
for (const [what, container, told] of cases)
  test(`runtimes: ${what}`, () => {
    const found = notes(container);
    assert.equal(found.length, told === null ? 0 : 1, found.join('\n'));
    if (told !== null) assert.match(found[0] ?? '', told);
  });
