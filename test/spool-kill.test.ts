/** Kill -9 at random moments of spooling and uploading: what was spooled arrives, and counts once. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Spool } from '#agent/delivery/spool.ts';
import { Uploader } from '#agent/delivery/uploader.ts';
import { fold } from '#baseline/fold.ts';
import { startBroker } from './broker-double.ts';

const rounds = Number(process.env['KILLS'] ?? 100);

test(`${rounds} kills lose nothing that was spooled, and count nothing twice`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kguardian-kill-'));
  const broker = await startBroker();
  const spooled = new Set<string>();
  const worker = fileURLToPath(new URL('spool-worker.ts', import.meta.url));
  try {
    for (let round = 0; round < rounds; round += 1) {
      // The broker fails now and then, also after it has read everything.
      if (round % 3 === 0) broker.answers.push(503, 0, 204, 0);
      const child = spawn(process.execPath, [worker, folder, broker.url, String(round)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = '';
      child.stdout.on('data', (text: Buffer) => (said += text.toString()));
      const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
      while (!said.includes('\n') && child.exitCode === null) await sleep(5);
      await sleep(Math.random() * 60);
      child.kill('SIGKILL');
      await ended;
      // A name that was cut off was not said.
      for (const name of said.split('\n').slice(0, -1)) spooled.add(name);
    }
    broker.answers.length = 0;
    const spool = await Spool.open(folder, 1 << 26);
    await new Uploader(spool, { broker: broker.url, tokenFile: null, caFile: null, say: () => undefined }).drain(
      AbortSignal.timeout(60_000),
    );
    assert.equal(spool.files.length, 0);
    const arrived = broker.taken.flatMap(({ observations }) =>
      observations.flatMap((each) => (each.type === 'dns' ? [each.name] : [])),
    );
    assert.ok(spooled.size >= rounds);
    assert.deepEqual(
      [...spooled].filter((name) => !arrived.includes(name)),
      [],
      'nothing is lost',
    );
    assert.ok(arrived.length > new Set(arrived).size, 'something came twice, or this test shows nothing');
    const counts = fold(broker.taken).flatMap(({ facts }) =>
      facts.flatMap(({ seen }) => Object.values(seen).map(({ count }) => count)),
    );
    assert.deepEqual([counts.length, Math.max(...counts)], [new Set(arrived).size, 1], 'each counts once');
  } finally {
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
