import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fold } from '#baseline/fold.ts';
import type { ObservationOf } from '#observation/observation.ts';
import type { Container, Recording } from '#observation/recording.ts';
import { defaults } from '../options.ts';
import { recommend } from '../recommend/recommend.ts';
import { faultOf } from '../series.ts';
import { seriesOf } from './recordings.ts';

const begin = 1_700_000_000_000;
type Usage = ObservationOf<'usage'>;

const sample = (container: string, second: number, more: Partial<Usage>): Usage => ({
  type: 'usage',
  container,
  at: begin + second * 1000,
  cpuMicroseconds: null,
  cpuPeriods: null,
  cpuThrottledPeriods: null,
  memoryBytes: null,
  workingSetBytes: null,
  memoryPeakBytes: null,
  oomKills: null,
  ...more,
});

const run = (id: string, fromStart: boolean, pod = 'web-1'): Container => ({
  type: 'container',
  id,
  workload: 'web',
  name: 'app',
  started: begin,
  fromStart,
  pod: {
    cluster: 'c',
    namespace: 'shop',
    kind: 'Deployment',
    name: pod,
    uid: pod,
    node: 'n',
    labels: {},
    serviceAccount: null,
    hostNetwork: false,
  },
});

function measured(containers: readonly Container[], observations: readonly Usage[]): ReturnType<typeof seriesOf> {
  const recording: Recording = {
    header: {
      type: 'recording',
      version: 1,
      by: 't',
      started: begin,
      node: { arch: 'x86_64', kernel: 'k', cgroups: 'v2' },
    },
    containers,
    observations,
    coverage: [],
    end: null,
  };
  return seriesOf(fold([recording]));
}

test('counters become rates from the start on where that was seen, from the first sample on otherwise', () => {
  const samples = [60, 120].map((second) =>
    sample('r', second, { cpuMicroseconds: second * 500_000, workingSetBytes: second }),
  );
  const cpu = (fromStart: boolean): unknown =>
    measured([run('r', fromStart)], samples)[0]?.containers[0]?.replicas[0]?.cpu;
  const at = (second: number): number => begin / 1000 + second;
  assert.deepEqual(cpu(true), [
    [at(60), 0.5],
    [at(120), 0.5],
  ]);
  assert.deepEqual(cpu(false), [[at(120), 0.5]]);
});

test('a workload is one series, each of its runs a replica, in whatever order samples come', () => {
  const samples = ['a', 'b'].flatMap((id) =>
    [90, 30, 60].map((second) => sample(id, second, { workingSetBytes: second })),
  );
  const [only, ...others] = measured([run('a', true), run('b', true, 'web-2')], samples);
  assert.equal(others.length, 0);
  assert.equal(only?.id, 'shop/Deployment/web');
  const [app] = only?.containers ?? [];
  assert.deepEqual(
    app?.replicas.map(({ name, starts }) => [name, starts]),
    [
      ['web-1', [begin / 1000]],
      ['web-2', [begin / 1000]],
    ],
  );
  for (const { memory } of app?.replicas ?? [])
    assert.deepEqual(
      memory.map(([, value]) => value),
      [30, 60, 90],
    );
});

test('a container that was restarted in its pod is one replica with two starts', () => {
  const again = { ...run('b', true), started: begin + 100_000 };
  const samples = [sample('a', 30, { workingSetBytes: 9 }), sample('b', 130, { workingSetBytes: 3 })];
  const [app] = measured([run('a', true), again], samples)[0]?.containers ?? [];
  assert.deepEqual(
    app?.replicas.map(({ memory, starts }) => [memory.map(([, value]) => value), starts]),
    [
      [
        [9, 3],
        [begin / 1000, begin / 1000 + 100],
      ],
    ],
  );
});

test('a kill is told at the highest that was reached, and throttling as a share of the periods in between', () => {
  const [only] = measured(
    [run('r', true)],
    [
      sample('r', 30, {
        oomKills: 0,
        memoryPeakBytes: 100,
        memoryBytes: 90,
        workingSetBytes: 90,
        cpuPeriods: 0,
        cpuThrottledPeriods: 0,
      }),
      sample('r', 60, {
        oomKills: 1,
        memoryPeakBytes: 512,
        memoryBytes: 80,
        workingSetBytes: 80,
        cpuPeriods: 100,
        cpuThrottledPeriods: 25,
      }),
      sample('r', 90, {
        oomKills: 1,
        memoryPeakBytes: 512,
        memoryBytes: 80,
        workingSetBytes: 80,
        cpuPeriods: 100,
        cpuThrottledPeriods: 25,
      }),
    ],
  );
  const [replica] = only?.containers[0]?.replicas ?? [];
  assert.deepEqual(replica?.oom, [[begin / 1000 + 60, 512]]);
  assert.deepEqual(replica?.throttled, [[begin / 1000 + 60, 0.25]]);
});

test('a kill from before anybody looked is told with the first sample', () => {
  const samples = [30, 60].map((second) =>
    sample('r', second, { oomKills: 2, memoryPeakBytes: 512, workingSetBytes: 80 }),
  );
  const [only] = measured([run('r', false)], samples);
  assert.deepEqual(only?.containers[0]?.replicas[0]?.oom, [[begin / 1000 + 30, 512]]);
});

test("the kernel's peak is taken without what it could have dropped", () => {
  const [only] = measured(
    [run('r', true)],
    [sample('r', 30, { memoryBytes: 900, workingSetBytes: 300, memoryPeakBytes: 1000 })],
  );
  assert.equal(only?.containers[0]?.replicas[0]?.peak, 400);
});

test('a counter that begins again, or that nobody told, makes no rate', () => {
  const [only] = measured(
    [run('r', false)],
    [
      sample('r', 30, { cpuMicroseconds: 9_000_000 }),
      sample('r', 60, { cpuMicroseconds: 1_000_000 }),
      sample('r', 90, {}),
      sample('r', 120, { cpuMicroseconds: 2_000_000 }),
    ],
  );
  assert.deepEqual(only?.containers[0]?.replicas[0]?.cpu, []);
});

test('a clock that goes back by an hour makes no rate that nobody had, and no time that comes twice', () => {
  // Half a core all the time; after two hours of samples each minute the clock says one hour again.
  const samples = Array.from({ length: 240 }, (_, index) => {
    const second = (index + 1) * 60;
    const usage = { cpuMicroseconds: second * 500_000, workingSetBytes: 300, oomKills: 0 };
    return sample('r', index < 120 ? second : second - 3600 + (index === 130 ? 0 : 0.5), usage);
  });
  const [only] = measured([run('r', true)], samples);
  const usage = only?.containers[0] ?? assert.fail();
  assert.equal(faultOf(usage), null);
  const { cpu, memory } = usage.replicas[0] ?? assert.fail();
  assert.ok(cpu.length >= 236, `${cpu.length}`);
  for (const [, cores] of cpu) assert.ok(Math.abs(cores - 0.5) < 0.01, `${cores}`);
  // One of the samples has the very time of another.
  assert.equal(memory?.length, 239);
});

test('a start that nobody watched is known, and so the first sample is no begin', () => {
  const samples = Array.from({ length: 200 }, (_, at) =>
    sample('r', 86_400 + at * 60, { cpuMicroseconds: (at < 5 ? at * 2 : 10 + at / 20) * 60e6, workingSetBytes: 3e8 }),
  );
  const [usage] = measured([run('r', false)], samples)[0]?.containers ?? [];
  const advice = recommend(usage ?? assert.fail(), defaults);
  assert.deepEqual([advice.startup, advice.basis.starts], [null, 0]);
});
