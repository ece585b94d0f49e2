import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Figures } from '../figures.ts';
import type { Replica, Sample } from '../series.ts';
import { replay, type Verdict } from './replay.ts';

const minutes = (values: readonly number[]): Sample[] => values.map((value, at) => [at * 60, value]);
const replica = (cpu: readonly number[], memory: readonly number[], oom: readonly Sample[] = []): Replica => ({
  name: null,
  cpu: minutes(cpu),
  memory: minutes(memory),
  oom,
  throttled: [],
  starts: [],
  peak: null,
});
const figures = (cpu: Figures['cpu'], memory: Figures['memory']): Figures => ({ cpu, memory });
const unset = { request: null, limit: null };
const of = (given: Figures, one: Replica): Verdict => replay(given, [one]);

const cases: readonly (readonly [
  what: string,
  figures: Figures,
  replica: Replica,
  check: (verdict: Verdict) => void,
])[] = [
  [
    'usage above the CPU limit is throttled for as long as it lasts',
    figures({ request: null, limit: 1 }, unset),
    replica([0.5, 2, 2, 1], []),
    ({ cpu }) => assert.equal(cpu.throttledMinutes, 2),
  ],
  [
    'usage above the CPU request is counted, and is no throttling',
    figures({ request: 1, limit: null }, unset),
    replica([0.5, 2, 1], []),
    ({ cpu }) => assert.deepEqual([cpu.aboveRequest, cpu.throttledMinutes, cpu.samples], [1, 0, 3]),
  ],
  [
    'what is requested and not used is wasted',
    figures({ request: 1, limit: null }, { request: 100, limit: null }),
    replica(
      Array.from({ length: 60 }, () => 0.25),
      Array.from({ length: 60 }, () => 40),
    ),
    ({ cpu, memory }) => assert.deepEqual([cpu.wastedCoreHours, memory.wastedByteHours], [0.75, 60]),
  ],
  [
    'nothing requested wastes nothing, and promises nothing',
    figures(unset, unset),
    replica([1], [1]),
    (verdict) =>
      assert.deepEqual(verdict, {
        cpu: { samples: 1, aboveRequest: null, throttledMinutes: 0, wastedCoreHours: 0 },
        memory: { samples: 1, aboveRequest: null, oomKills: 0, wastedByteHours: 0 },
      }),
  ],
  [
    'memory that stays above the limit is one kill, memory that comes back is another',
    figures(unset, { request: null, limit: 100 }),
    replica([], [90, 110, 120, 90, 101]),
    ({ memory }) => assert.equal(memory.oomKills, 2),
  ],
  [
    'memory at the limit is no kill',
    figures(unset, { request: null, limit: 100 }),
    replica([], [100]),
    ({ memory }) => assert.equal(memory.oomKills, 0),
  ],
  [
    'a kill comes again at the same limit, and not at a higher one',
    figures(unset, { request: null, limit: 512 }),
    replica([], [300], [[30, 512]]),
    ({ memory }) => {
      assert.equal(memory.oomKills, 1);
      const above = of(figures(unset, { request: null, limit: 513 }), replica([], [300], [[30, 512]]));
      assert.equal(above.memory.oomKills, 0);
    },
  ],
  [
    'a kill that samples show, before it or after it, is one kill',
    figures(unset, { request: null, limit: 250 }),
    replica(
      [],
      [200, 300, 320, 100, 100, 260, 100, 100],
      [
        [150, 512],
        [250, 512],
        [400, 512],
      ],
    ),
    // The last one was seen by nobody but who told of it.
    ({ memory }) => assert.equal(memory.oomKills, 3),
  ],
  [
    'a sample stands for the time before it',
    figures({ request: null, limit: 1 }, unset),
    {
      ...replica([], []),
      cpu: [
        [0, 0],
        [60, 0],
        [180, 2],
        [240, 0],
        [300, 0],
      ],
    },
    ({ cpu }) => assert.equal(cpu.throttledMinutes, 2),
  ],
  [
    'a hole in the series is not filled with its last sample',
    figures({ request: 1, limit: null }, unset),
    {
      ...replica([], []),
      cpu: [
        [0, 0],
        [60, 0],
        [120, 0],
        [100_000, 0],
        [100_060, 0],
      ],
    },
    ({ cpu }) => assert.equal(cpu.wastedCoreHours, (60 + 60 + 180 + 60 + 60) / 3600),
  ],
];
for (const [what, given, one, check] of cases) test(what, () => check(of(given, one)));

test('only the window is judged', () => {
  const one = replica(
    [2, 2, 2, 2],
    [200, 200, 200, 200],
    [
      [0, 300],
      [180, 300],
    ],
  );
  const given = figures({ request: 1, limit: 1 }, { request: 1, limit: 250 });
  const { cpu, memory } = replay(given, [one], { since: 0, until: 120 });
  assert.deepEqual([cpu.samples, cpu.throttledMinutes, memory.samples, memory.oomKills], [2, 2, 2, 0]);
});

test('the judge knows nothing of what recommends: it imports types alone', () => {
  const text = readFileSync(new URL('replay.ts', import.meta.url), 'utf8');
  const imports = text.match(/^import .*$/gm) ?? [];
  assert.ok(imports.length > 0);
  for (const each of imports) assert.match(each, /^import type /);
});
