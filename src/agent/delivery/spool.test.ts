import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { readRecording } from '#observation/reading.ts';
import type { Line } from '#observation/recording.ts';
import { writeRecording } from '#observation/writing.ts';
import { Spool } from './spool.ts';

const folders: string[] = [];
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'kguardian-spool-'));
  folders.push(made);
  return made;
}
after(() => {
  for (const each of folders) rmSync(each, { recursive: true, force: true });
});

/** A recording of one container with so many facts of each of two sensors. */
function recording(id: string, facts: number): string[] {
  const seen = { first: 1, last: 1, count: 1 };
  const common = { container: id, phase: 'program', program: null, seen } as const;
  const coverage = (sensor: 'dns' | 'syscalls'): Line => ({
    type: 'coverage',
    container: id,
    sensor,
    state: 'ran',
    hook: 'h',
    from: 0,
    to: 9,
    lost: 1,
    gaps: [],
  });
  const body: Line[] = [
    { type: 'recording', version: 1, by: 't', started: 0, node: { arch: 'x86_64', kernel: 'k', cgroups: 'v2' } },
    { type: 'container', id, workload: 'w', name: 'n', started: 0, fromStart: true },
    coverage('dns'),
    coverage('syscalls'),
  ];
  for (let at = 0; at < facts; at += 1) {
    const name = `${hash('sha1', `${id} ${at}`)}.example.com`;
    body.push({
      type: 'dns',
      ...common,
      server: '10.0.0.1',
      name,
      question: 'A',
      rcode: 'NOERROR',
      addresses: [],
      aliases: [],
      ttlSeconds: at,
    });
    body.push({ type: 'syscall', ...common, arch: 'x86_64', nr: at, name: null });
  }
  return writeRecording([...body, { type: 'end', ended: 9, lines: body.length }]);
}

async function contents(spool: Spool): Promise<{ id: string; facts: number; lost: number[]; thin: boolean }[]> {
  const found = [];
  for (;;) {
    const taken = await spool.take();
    if (taken === null) return found;
    const { containers, observations, coverage, end } = await readRecording(
      zstdDecompressSync(taken.body).toString('utf8').trimEnd().split('\n'),
    );
    assert.notEqual(end, null);
    found.push({
      id: containers[0]?.id ?? '',
      facts: observations.length,
      lost: coverage.map(({ lost }) => lost),
      thin: taken.file.thin,
    });
    await spool.acknowledge(taken.file);
  }
}

test('what was spooled comes out in order, after a restart too, and once', async () => {
  const place = folder();
  const first = await Spool.open(place, 1 << 20);
  await first.add(recording('a', 1), 1);
  await first.add(recording('b', 1), 2);
  const second = await Spool.open(place, 1 << 20);
  await second.add(recording('c', 1), 3);
  assert.deepEqual(
    (await contents(second)).map(({ id }) => id),
    ['a', 'b', 'c'],
  );
  assert.deepEqual((await contents(await Spool.open(place, 1 << 20))).length, 0);
});

test('half a file of a killed process is no recording', async () => {
  const place = folder();
  const spool = await Spool.open(place, 1 << 20);
  await spool.add(recording('a', 1), 1);
  writeFileSync(join(place, '000000000002-5.jsonl.zst.part'), 'half');
  writeFileSync(join(place, 'somebody-elses'), 'file');
  const again = await Spool.open(place, 1 << 20);
  assert.deepEqual(
    (await contents(again)).map(({ id }) => id),
    ['a'],
  );
  assert.deepEqual(readdirSync(place).toSorted(), ['refused', 'somebody-elses']);
});

test('one that was put back is taken again; two takers never have the same', async () => {
  const spool = await Spool.open(folder(), 1 << 20);
  await spool.add(recording('a', 1), 1);
  await spool.add(recording('b', 1), 2);
  const first = await spool.take();
  const second = await spool.take();
  assert.notEqual(first?.file.name, second?.file.name);
  assert.equal(await spool.take(), null);
  assert.ok(first);
  spool.putBack(first.file);
  assert.equal((await spool.take())?.file.name, first.file.name);
});

test('without room the oldest gives up its facts first, and word of them remains', async () => {
  const lost: string[] = [];
  const place = folder();
  const full = await Spool.open(place, 1 << 20);
  await full.add(recording('one', 300), 1);
  const size = full.bytes;
  const spool = await Spool.open(folder(), size * 3, {
    retell: () => false,
    lost: (container, sensor, facts) => lost.push(`${container} ${sensor} ${facts}`),
  });
  for (const [at, id] of ['a', 'b', 'c', 'd', 'e'].entries()) await spool.add(recording(id, 300), at);
  assert.ok(spool.bytes <= size * 3, 'it keeps its bound');
  assert.deepEqual(lost, ['a dns 300', 'a syscalls 300', 'b dns 300', 'b syscalls 300', 'c dns 300', 'c syscalls 300']);
  assert.equal(spool.dropped.facts, 1800);
  assert.equal(spool.dropped.files, 0);
  assert.deepEqual(await contents(spool), [
    ...['a', 'b', 'c'].map((id) => ({ id, facts: 0, lost: [301, 301], thin: true })),
    ...['d', 'e'].map((id) => ({ id, facts: 600, lost: [1, 1], thin: false })),
  ]);
});

test('facts that will be told again are not lost; those of an earlier process are', async () => {
  const place = folder();
  const keeper = { retell: () => true, lost: () => undefined };
  const early = await Spool.open(place, 1 << 20);
  await early.add(recording('early', 300), 1);
  const spool = await Spool.open(place, early.bytes * 1.5, keeper);
  await spool.add(recording('own', 300), 2);
  await spool.add(recording('last', 300), 3);
  const found = await contents(spool);
  assert.deepEqual(
    found.map(({ id, lost }) => [id, ...lost]),
    [
      ['early', 301, 301],
      // What the kernel still holds of it is told again; answers of DNS are not.
      ['own', 301, 1],
      ['last', 1, 1],
    ],
  );
});

test('when even word of losses has no room, the oldest goes altogether', async () => {
  const spool = await Spool.open(folder(), 600);
  for (let at = 0; at < 6; at += 1) await spool.add(recording(`c${at}`, 50), at);
  assert.ok(spool.dropped.files > 0);
  assert.equal((await contents(spool)).at(-1)?.id, 'c5');
});

test('what is refused is set aside, and not without end', async () => {
  const place = folder();
  const spool = await Spool.open(place, 1 << 20);
  for (let at = 0; at < 23; at += 1) {
    await spool.add(recording('a', 1), at);
    const taken = await spool.take();
    assert.ok(taken);
    await spool.setAside(taken.file);
  }
  assert.equal(spool.files.length, 0);
  assert.equal(readdirSync(join(place, 'refused')).length, 20);
});

test('a folder that takes no more says so, and what was there stays', async () => {
  const place = folder();
  const spool = await Spool.open(place, 1 << 20);
  await spool.add(recording('a', 1), 1);
  rmSync(place, { recursive: true });
  await assert.rejects(spool.add(recording('b', 1), 2), /ENOENT/);
  assert.equal(spool.files.length, 1);
});
