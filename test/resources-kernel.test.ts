/** What this kernel does to a program at its limits, as our sensor samples it, and what is made of that. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { counterparts, unifiedMount } from '#agent/cgroups.ts';
import { record } from '#agent/record.ts';
import { fold } from '#baseline/fold.ts';
import { readRecording } from '#observation/reading.ts';
import { writeRecording } from '#observation/writing.ts';
import { replay } from '#posture/resources/judge/replay.ts';
import { defaults } from '#posture/resources/options.ts';
import { figuresOf } from '#posture/resources/recommend/advice.ts';
import { recommend } from '#posture/resources/recommend/recommend.ts';
import { seriesOf } from '#posture/resources/sources/recordings.ts';
import { withoutRoot } from './lab.ts';

const mebibyte = 2 ** 20;
const limit = 64 * mebibyte;

/** A child that needs more than the limit, and is killed; then the parent would use a whole core, and gets a fifth. */
const program = `
import os, time
held = bytearray(20 << 20)
if os.fork() == 0:
    more = bytearray(200 << 20)
    os._exit(0)
os.wait()
end = time.time() + 7
while time.time() < end: pass
`;

test('a kill and a wait for CPU that really happened: more memory than killed it, more CPU than it got', {
  skip: withoutRoot,
  timeout: 60_000,
}, async () => {
  const folder = `${unifiedMount()}/kguardian-resources-${process.pid}`;
  // As runtimes do it: the same path in every tree.
  const { memory, cpu, cpuacct, unified } = counterparts(folder);
  const folders = [...new Set([memory, cpu, cpuacct, unified])].filter((each) => each !== null);
  for (const each of folders) mkdirSync(each);
  try {
    if (memory !== null) writeFileSync(`${memory}/memory.limit_in_bytes`, String(limit));
    else writeFileSync(`${unified}/memory.max`, String(limit));
    if (cpu !== null) writeFileSync(`${cpu}/cpu.cfs_quota_us`, '20000');
    else writeFileSync(`${unified}/cpu.max`, '20000 100000');
    const swap = `${unified}/memory.swap.max`;
    if (memory === null && existsSync(swap)) writeFileSync(swap, '0');

    const stop = new AbortController();
    const ready = Promise.withResolvers<void>();
    const recorded = record({
      target: { type: 'cgroup', folder },
      name: 'greedy',
      by: 'test',
      signal: stop.signal,
      onReady: () => ready.resolve(),
    });
    // The shell puts itself inside and becomes the program.
    const inside = `${folders.map((each) => `echo $$ > ${each}/cgroup.procs`).join(' && ')} && exec /usr/bin/python3 -c "$PROGRAM"`;
    await Promise.race([ready.promise, recorded]);
    const child = spawn('/bin/sh', ['-c', inside], { env: { ...process.env, PROGRAM: program }, stdio: 'inherit' });
    const [code] = (await once(child, 'exit')) as [number | null];
    assert.equal(code, 0);
    await sleep(100);
    stop.abort();
    const { lines } = await recorded;
    const recording = await readRecording(writeRecording(lines));

    const [usage] = seriesOf(fold([recording]))[0]?.containers ?? [];
    assert.ok(usage);
    const [replica] = usage.replicas;
    assert.ok((replica?.cpu.length ?? 0) >= 4, JSON.stringify(usage));
    assert.equal(replica?.oom.length, 1, JSON.stringify(replica?.oom));
    const killedAt = replica?.oom[0]?.[1] ?? 0;
    assert.ok(killedAt > limit * 0.95 && killedAt <= limit * 1.01, `${killedAt}`);
    const advice = recommend(usage, { ...defaults, minPeriod: 1 });
    const figures = figuresOf(advice);
    assert.ok((figures.memory.limit ?? 0) >= killedAt + 100 * mebibyte, JSON.stringify(figures));
    assert.equal(replay(figures, usage.replicas).memory.oomKills, 0);
    // The judge says of the limit that was in force what the kernel did under it.
    const inForce = { cpu: { request: null, limit: null }, memory: { request: null, limit } };
    assert.equal(replay(inForce, usage.replicas).memory.oomKills, 1);
    // However busy the machine is: more than it got.
    const got = replica?.cpu.map(([, value]) => value) ?? [];
    const mean = got.reduce((sum, value) => sum + value, 0) / got.length;
    assert.ok((figures.cpu.request ?? 0) > mean * 1.05, JSON.stringify([figures, replica?.cpu, replica?.throttled]));
    for (const type of ['oom', 'throttled'])
      assert.ok(
        advice.findings.some((each) => each.type === type),
        JSON.stringify(advice.findings),
      );
  } finally {
    for (const each of folders) rmdirSync(each);
  }
});
