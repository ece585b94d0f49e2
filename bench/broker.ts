/** The broker: observations taken in a second, new and repeated; generating; memory; and how each grows. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { zstdCompressSync } from 'node:zlib';
import type { Container, Recording } from '#observation/recording.ts';
import { syscallNames, syscallNumber } from '#observation/syscalls.ts';
import { ask, type Broker, startBroker } from '../test/broker-process.ts';
import { complete, recordingOf, textOf } from '../test/cluster-recordings.ts';
import { noPostgres, startPostgres } from '../test/postgres.ts';
import { print, table } from './print.ts';

/** Of one run, as a web service shows them. */
const factsOfRun = 200;
const runsInBody = 10;
const factsInBody = factsOfRun * runsInBody;
const senders = 4;
const names = syscallNames('x86_64').slice(0, 60);
const steps = (process.env['BENCH_FACTS'] ?? '10000,100000,1000000').split(',').map(Number);

/** Body `at`: ten runs of ten workloads, none of them in another body. */
function body(at: number): Buffer {
  const runs = Array.from({ length: runsInBody }, (_, each) => runOf(at * runsInBody + each));
  return zstdCompressSync(
    textOf(
      complete(
        runs.flatMap(({ containers }) => containers as Container[]),
        runs.flatMap(({ observations }) => observations),
        runs.flatMap(({ coverage }) => coverage),
      ),
    ),
  );
}

function runOf(number: number): Recording {
  const run = recordingOf({
    pod: `pod-${number}`,
    workload: `service-${number}`,
    facts: factsOfRun - names.length + 1,
  });
  const [container] = run.containers;
  const common = { container: container?.id ?? '', phase: 'program', program: '/usr/bin/service' } as const;
  const syscalls = names.map((name) => ({
    type: 'syscall' as const,
    ...common,
    seen: { first: 1000, last: 2000, count: 3 },
    arch: 'x86_64' as const,
    nr: syscallNumber('x86_64', name) ?? 0,
    name,
  }));
  const files = run.observations.filter(({ type }) => type === 'file');
  return complete([...run.containers], [...files, ...syscalls], [...run.coverage]);
}

interface Taken {
  /** Observations in a second of the clock, and what each took of the broker's own CPU time. */
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
}

/** Sends these bodies over a few connections; making them is not counted. */
async function send(broker: Broker, from: number, until: number): Promise<Taken> {
  let ms = 0;
  const cpu = cpuSeconds(broker);
  for (let at = from; at < until; at += 40) {
    const bodies = Array.from({ length: Math.min(40, until - at) }, (_, each) => body(at + each));
    const began = performance.now();
    let next = 0;
    const one = async (): Promise<void> => {
      for (let mine = next++; mine < bodies.length; mine = next++) {
        const answer = await ask(`${broker.url}/v1/recordings`, { method: 'POST', body: bodies[mine] as Buffer });
        if (answer.code !== 200) throw new Error(`${answer.code} ${answer.body.toString()}`);
      }
    };
    await Promise.all(Array.from({ length: senders }, one));
    ms += performance.now() - began;
  }
  const observations = (until - from) * factsInBody;
  return {
    perSecond: observations / (ms / 1000),
    cpuMicroseconds: ((cpuSeconds(broker) - cpu) * 1e6) / observations,
  };
}

const residentMiB = ({ process: { pid } }: Broker): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** User and system time of all its threads. */
function cpuSeconds({ process: { pid } }: Broker): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Milliseconds until the last byte of the answer. */
async function generate(broker: Broker, scope: object): Promise<number> {
  const began = performance.now();
  const answer = await ask(`${broker.url}/v1/generate/seccomp`, { method: 'POST', body: JSON.stringify({ scope }) });
  if (answer.code !== 200) throw new Error(`${answer.code} ${answer.body.toString()}`);
  return performance.now() - began;
}

interface Engine {
  readonly name: string;
  readonly database: string;
  /** What it takes on disk. */
  readonly bytes: () => number | Promise<number>;
}

/** A database server's tables are made once it answers. */
async function ready({ url }: Broker): Promise<void> {
  while ((await ask(`${url}/readyz`)).code !== 200) await sleep(50);
}

async function growth({ name, database, bytes }: Engine): Promise<void> {
  const broker = await startBroker([
    ...['--insecure-no-auth', '--listen', '127.0.0.1:0', '--requests-per-minute', '100000000'],
    ...['--database', database, '--retention', '90000d'],
  ]);
  try {
    await ready(broker);
    const rows = [
      ['stored facts', 'new/s', 'CPU µs each', 'repeated/s', 'CPU µs each', 'gen of one, ms', 'resident', 'on disk'],
    ];
    let filled = 0;
    for (const facts of steps) {
      const until = facts / factsInBody;
      // The rate of the last tenth at most: what it is at that size, and not on the way.
      const measured = Math.max(filled, until - Math.max(5, until / 10));
      if (measured > filled) await send(broker, filled, measured);
      const fresh = await send(broker, measured, until);
      const again = await send(broker, Math.max(0, until - 50), until);
      filled = until;
      const one = Math.min(
        ...[await generate(broker, { workload: 'service-3' }), await generate(broker, { workload: 'service-7' })],
      );
      rows.push([
        String(facts),
        fresh.perSecond.toFixed(0),
        fresh.cpuMicroseconds.toFixed(1),
        again.perSecond.toFixed(0),
        again.cpuMicroseconds.toFixed(1),
        one.toFixed(1),
        `${residentMiB(broker).toFixed(0)} MiB`,
        `${((await bytes()) / (1 << 20)).toFixed(0)} MiB`,
      ]);
    }
    print(
      `The broker on ${name}: bodies of ${factsInBody} observations over ${senders} connections, senders on the same CPUs; CPU of the broker alone`,
    );
    table(rows);
  } finally {
    await broker.end();
  }
}

async function thousand({ name, database }: Engine): Promise<void> {
  const broker = await startBroker([
    ...['--insecure-no-auth', '--listen', '127.0.0.1:0', '--requests-per-minute', '100000000'],
    ...['--database', database, '--retention', '90000d'],
  ]);
  try {
    await ready(broker);
    await send(broker, 0, 100);
    // Once before, so that what is measured is compiled.
    await generate(broker, {});
    const cpu = cpuSeconds(broker);
    const seconds = (await generate(broker, {})) / 1000;
    print(
      `gen seccomp for 1000 workloads of ${factsOfRun} facts on ${name}, each replayed: ${seconds.toFixed(1)} s, ${(cpuSeconds(broker) - cpu).toFixed(1)} s of the broker's CPU\n`,
    );
  } finally {
    await broker.end();
  }
}

export async function bench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kguardian-bench-'));
  const sqlite = (file: string): Engine => ({
    name: 'SQLite',
    database: join(folder, file),
    bytes: () =>
      ['', '-wal'].reduce(
        (sum, end) => sum + (statSync(join(folder, file + end), { throwIfNoEntry: false })?.size ?? 0),
        0,
      ),
  });
  const postgres = noPostgres === false ? await startPostgres() : null;
  try {
    await growth(sqlite('growth.db'));
    await thousand(sqlite('thousand.db'));
    if (postgres === null) {
      print(`PostgreSQL: not measured, ${noPostgres}`);
      return;
    }
    const engine = async (): Promise<Engine> => ({
      name: 'PostgreSQL',
      database: await postgres.database(),
      bytes: () => postgres.bytes(),
    });
    await growth(await engine());
    await thousand(await engine());
  } finally {
    await postgres?.close();
    rmSync(folder, { recursive: true });
  }
}
