/** Nothing acknowledged is lost and nothing counts twice: killed brokers, full disks, absent databases. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fold } from '#baseline/fold.ts';
import type { Recording } from '#observation/recording.ts';
import { ask, type Broker, freePort, recordingsFrom, startBroker } from './broker-process.ts';
import { recordingOf } from './cluster-recordings.ts';
import { noPostgres, startPostgres } from './postgres.ts';
import { type Sender, startSender } from './sender.ts';

const rounds = Number(process.env['KILL_ROUNDS'] ?? 100);
const root = process.getuid?.() === 0;
/** A broker that never comes back fails the test, and does not hold it. */
const timeout = 900_000;

/** Deltas of 60 workloads; each run comes again and again, seen longer and with more facts. */
const delta =
  (sender: string, facts = 12) =>
  (turn: number): Recording =>
    recordingOf({
      pod: `${sender}-${turn % 60}`,
      workload: `cart-${turn % 60}`,
      facts: 1 + ((turn * 7) % facts),
      started: 1,
      first: 10_000 - turn,
      last: 20_000 + turn,
    });

const flags = (database: string, port = 0): string[] => [
  ...['--insecure-no-auth', '--listen', `127.0.0.1:${port}`, '--database', database, '--resolution', '0s'],
  ...['--requests-per-minute', '100000000', '--retention', '90000d'],
];

/** What is stored is what was acknowledged, and nothing else. */
async function assertWhole(broker: string, senders: readonly Sender[]): Promise<void> {
  const sent = senders.flatMap(({ acknowledged }) => acknowledged);
  assert.ok(sent.length > 0);
  assert.deepEqual(fold(await recordingsFrom(broker)), fold(sent));
}

async function killAtRandom(database: string): Promise<void> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const senders = ['one', 'two'].map((name) => startSender(() => url, delta(name)));
  const taken = (): number => senders.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
  let broker: Broker | null = null;
  let killedWhileSending = 0;
  try {
    for (let round = 0; round < rounds; round += 1) {
      broker = await startBroker(flags(database, port));
      // Half of them within uploads, half of them at any time from the start on.
      const before = taken();
      for (let wait = 0; round % 2 === 0 && wait < 100 && taken() === before; wait += 1) await sleep(20);
      await sleep(Math.random() * 150);
      await broker.end('SIGKILL');
      if (taken() > before) killedWhileSending += 1;
    }
    broker = await startBroker(flags(database, port));
    for (const sender of senders) await sender.finish();
    await assertWhole(url, senders);
    // Otherwise the test would show nothing.
    assert.ok(killedWhileSending > rounds / 10, `uploads in ${killedWhileSending} of ${rounds} rounds`);
  } finally {
    await broker?.end();
  }
}

test(`sqlite: killed ${rounds} times, nothing acknowledged is lost and nothing counts twice`, { timeout }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kguardian-kill-'));
  try {
    await killAtRandom(join(folder, 'broker.db'));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test(`postgresql: killed ${rounds} times, nothing acknowledged is lost and nothing counts twice`, {
  skip: noPostgres,
}, async () => {
  const postgres = await startPostgres();
  try {
    await killAtRandom(await postgres.database());
  } finally {
    await postgres.close();
  }
});

test('two brokers that start at once on one database take from four senders what folds', {
  skip: noPostgres,
}, async () => {
  const postgres = await startPostgres();
  const brokers: Broker[] = [];
  try {
    const database = await postgres.database();
    brokers.push(...(await Promise.all([startBroker(flags(database)), startBroker(flags(database))])));
    for (const { url } of brokers) while ((await ask(`${url}/readyz`)).code !== 200) await sleep(20);
    // The same recordings from all of them, in another order each, now to one broker and now to the other.
    const recordings = Array.from({ length: 40 }, (_, turn) => delta('pod', 80)(turn));
    const senders = [1, 3, 7, 9].map((step, at) => {
      let turns = 0;
      return startSender(
        () => (brokers[(turns + at) % 2] as Broker).url,
        (turn) => {
          turns = turn;
          return recordings[(turn * step + at) % 40] as Recording;
        },
      );
    });
    while (senders.some(({ acknowledged }) => acknowledged.length < 40)) await sleep(50);
    for (const sender of senders) await sender.finish();
    for (const { url } of brokers) await assertWhole(url, senders);
    for (const { log } of brokers)
      assert.deepEqual(
        log.filter(({ msg }) => msg === 'failed'),
        [],
      );
  } finally {
    await Promise.all(brokers.map((broker) => broker.end()));
    await postgres.close();
  }
});

test('a database that goes away is said so, and taken up again', { skip: noPostgres, timeout }, async () => {
  const postgres = await startPostgres();
  let broker: Broker | null = null;
  try {
    const database = await postgres.database();
    await postgres.stop();
    // Not there when it starts.
    broker = await startBroker(flags(database));
    const { url, log } = broker;
    assert.equal((await ask(`${url}/healthz`)).code, 200);
    const unready = await ask(`${url}/readyz`);
    assert.equal(unready.code, 503);
    assert.match(unready.json()['error'] as string, /cannot use the postgresql database/);
    const senders = ['one', 'two'].map((name) => startSender(() => url, delta(name)));
    for (let round = 0; round < 3; round += 1) {
      await postgres.start();
      const before = senders.map(({ acknowledged }) => acknowledged.length);
      while (senders.some(({ acknowledged }, at) => acknowledged.length < (before[at] ?? 0) + 5)) await sleep(20);
      // And away, in the midst of uploads.
      await postgres.stop();
      await sleep(300);
    }
    await postgres.start();
    for (const sender of senders) await sender.finish();
    await assertWhole(url, senders);
    assert.deepEqual(
      senders.flatMap(({ failures }) => [...failures.keys()].filter((code) => code !== 503)),
      [],
    );
    assert.ok(log.some(({ msg }) => msg === 'the database does not answer; waiting for it'));
    assert.equal((await ask(`${url}/readyz`)).code, 200);
  } finally {
    await broker?.end();
    await postgres.close();
  }
});

test('a full disk is said so, and when space is free all goes on', {
  skip: root ? false : 'mounting a tmpfs needs root',
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kguardian-full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder]);
  let broker: Broker | null = null;
  try {
    const data = join(folder, 'data');
    mkdirSync(data);
    broker = await startBroker(flags(join(data, 'broker.db')));
    const { url } = broker;
    const ballast = join(folder, 'ballast');
    writeFileSync(ballast, Buffer.alloc(4 << 20));
    const sender = startSender(
      () => url,
      (turn) => recordingOf({ pod: `pod-${turn}`, workload: `cart-${turn}`, facts: 500 }),
    );
    while ((sender.failures.get(507) ?? 0) < 3) await sleep(20);
    assert.match(sender.lastError(), /no space is left for the sqlite database/);
    const whenFull = sender.acknowledged.length;
    assert.ok(whenFull > 0);
    // Readers are served all the same.
    assert.equal((await recordingsFrom(url)).length, whenFull);
    rmSync(ballast);
    while (sender.acknowledged.length < whenFull + 2) await sleep(20);
    await sender.finish();
    await assertWhole(url, [sender]);
    assert.equal(broker.process.exitCode, null);
  } finally {
    await broker?.end();
    execFileSync('umount', [folder]);
    rmSync(folder, { recursive: true });
  }
});

test("a full disk under the database's server is said so, and when space is free all goes on", {
  skip: noPostgres !== false ? noPostgres : root ? false : 'mounting a tmpfs needs root',
  timeout,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kguardian-full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=120m', 'tmpfs', folder]);
  const inside = join(folder, 'postgres');
  mkdirSync(inside);
  const postgres = await startPostgres(inside);
  let broker: Broker | null = null;
  try {
    broker = await startBroker(flags(await postgres.database()));
    const { url } = broker;
    while ((await ask(`${url}/readyz`)).code !== 200) await sleep(50);
    const { bavail, bsize } = statfsSync(folder);
    const ballast = join(folder, 'ballast');
    writeFileSync(ballast, Buffer.alloc(bavail * bsize - (6 << 20)));
    const sender = startSender(
      () => url,
      (turn) => recordingOf({ pod: `pod-${turn}`, workload: `cart-${turn}`, facts: 1000 }),
    );
    const troubles = (): number => (sender.failures.get(507) ?? 0) + (sender.failures.get(503) ?? 0);
    while (troubles() < 3) await sleep(20);
    assert.match(
      sender.lastError(),
      /no space is left for the postgresql database|cannot use the postgresql database now/,
    );
    rmSync(ballast);
    // Without space for its own log the server ends; whoever runs it starts it again.
    await postgres.stop();
    await postgres.start();
    const whenFree = sender.acknowledged.length;
    while (sender.acknowledged.length < whenFree + 2) await sleep(20);
    await sender.finish();
    await assertWhole(url, [sender]);
  } finally {
    await broker?.end();
    await postgres.close();
    execFileSync('umount', [folder]);
    rmSync(folder, { recursive: true });
  }
});
