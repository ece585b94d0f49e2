/** Figures that never come are a gap, not a silence. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { figures, Sight } from './usage.ts';

const folder = mkdtempSync(join(tmpdir(), 'kguardian-usage-'));
after(() => rmSync(folder, { recursive: true }));
const files = (name: string, texts: Readonly<Record<string, string>>): string => {
  const at = join(folder, name);
  mkdirSync(at, { recursive: true });
  for (const [file, text] of Object.entries(texts)) writeFileSync(join(at, file), text);
  return at;
};

test('a mixed layout is read where each controller is', () => {
  const unified = files('unified', {});
  const memory = files('memory', {
    'memory.usage_in_bytes': '1000\n',
    'memory.stat': 'cache 5\ntotal_inactive_file 300\n',
    'memory.max_usage_in_bytes': '2000\n',
    'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
  });
  const cpuacct = files('cpuacct', { 'cpuacct.usage': '5000000\n' });
  const cpu = files('cpu', { 'cpu.stat': 'nr_periods 7\nnr_throttled 3\nthrottled_time 9\n' });
  assert.deepEqual(figures({ unified, memory, cpuacct, cpu }), {
    ...{ cpuMicroseconds: 5000, cpuPeriods: 7, cpuThrottledPeriods: 3 },
    ...{ memoryBytes: 1000, workingSetBytes: 700, memoryPeakBytes: 2000, oomKills: 2 },
  });
});

test('a container whose files are elsewhere is told of from its second look on, one that is ending is not', () => {
  const whole = files('whole', {
    'cpu.stat': 'usage_usec 12\nnr_periods 0\nnr_throttled 0\n',
    'memory.current': '1000\n',
    'memory.stat': 'inactive_file 300\n',
  });
  const elsewhere = { unified: whole, memory: join(folder, 'nowhere'), cpuacct: null, cpu: null };
  const sight = new Sight();
  const look = (): void => {
    sight.note(1, figures({ unified: whole, memory: null, cpuacct: null, cpu: null }));
    sight.note(2, figures(elsewhere));
  };
  look();
  assert.deepEqual(sight.gaps(), []);
  look();
  assert.deepEqual(sight.gaps(), ['the cgroup files of memory were not where the others are in 1 of 2 cgroups']);
  // It was seen before it ended.
  const gone = { unified: join(folder, 'gone'), memory: null, cpuacct: null, cpu: null };
  sight.note(1, figures(gone));
  assert.equal(sight.gaps().length, 1);
  for (const _ of [1, 2]) sight.note(3, figures(gone));
  assert.deepEqual(sight.gaps(), [
    'the cgroup files of CPU were not where the others are in 1 of 3 cgroups',
    'the cgroup files of memory were not where the others are in 2 of 3 cgroups',
  ]);
});
