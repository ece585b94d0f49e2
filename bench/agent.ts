/** The agent of a node: memory and CPU with no containers, with 100 idle ones, and with 100 busy ones. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { podObject } from '../test/agent-run.ts';
import { startApiServer } from '../test/api-server.ts';
import { startBroker } from '../test/broker-double.ts';
import { type LabContainer, type LabPod, NodeLab } from '../test/node-lab.ts';
import { print, table } from './print.ts';

const containersWanted = Number(process.env['BENCH_CONTAINERS'] ?? 100);
const windowMs = Number(process.env['BENCH_WINDOW_MS'] ?? 30_000);
/** What is new was told by then. */
const settleMs = Number(process.env['BENCH_SETTLE_MS'] ?? 45_000);
const ticksPerSecond = 100;
const port = 19_100;

export async function bench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kguardian-bench-agent-'));
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 'bench');
  const api = await startApiServer({ tokens: { bench: { username: 'agent', groups: ['system:masters'] } } });
  const broker = await startBroker();
  const lab = new NodeLab();
  const agent = spawn(
    fileURLToPath(new URL('../bin/kguardian', import.meta.url)),
    [
      ['agent', '--node', 'node-1', '--cluster', 'bench', '--broker', broker.url, '--broker-token-file', tokenFile],
      ['--api-server', api.url, '--api-token-file', tokenFile, '--spool', join(folder, 'spool')],
      ['--cgroup-root', lab.cgroupRoot, '--listen', `127.0.0.1:${port}`],
    ].flat(),
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const rows: string[][] = [
    ['', 'resident MiB', 'of it anonymous', 'CPU % of a core', 'uploads a minute', 'KiB a minute'],
  ];
  try {
    await answering();
    rows.push(await measured('no containers', agent, broker));
    const idle = await pods(lab, api, ['/load', '0', '100000000']);
    rows.push(await measured(`${containersWanted} idle containers`, agent, broker));
    await ended(idle);
    const busy = await pods(lab, api, ['/load', '1', 'busy']);
    rows.push(await measured(`${containersWanted} busy containers`, agent, broker));
    await ended(busy);
  } finally {
    agent.kill('SIGTERM');
    await new Promise((resolve) => agent.once('exit', resolve));
    await lab.close();
    await api.close();
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  }
  print(
    `The agent of a node: bundle, doubles of API server and broker, ${windowMs / 1000} s each after ${settleMs / 1000} s; busy: each makes 100 files and 100 calls a second`,
  );
  table(rows);
}

async function answering(): Promise<void> {
  while (
    !(await fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ))
  )
    await sleep(100);
}

interface Group {
  readonly pod: LabPod;
  readonly containers: readonly LabContainer[];
}

/** Two containers a pod. */
async function pods(
  lab: NodeLab,
  api: Awaited<ReturnType<typeof startApiServer>>,
  argv: readonly string[],
): Promise<Group[]> {
  const groups: Group[] = [];
  for (let at = 0; at < containersWanted / 2; at += 1) {
    const pod = await lab.pod(at % 2 === 0 ? 'systemd' : 'cgroupfs');
    const containers = [pod.run(argv), pod.run(argv)];
    api.store.put(
      podObject({
        uid: pod.uid,
        name: `pod-${at}`,
        ip: `10.244.1.${at + 1}`,
        owner: { kind: 'DaemonSet', name: `set-${at % 10}`, uid: `set-${at % 10}` },
        containers: containers.map(({ id }, index) => ({ name: `c${index}`, id })),
      }),
    );
    groups.push({ pod, containers });
  }
  return groups;
}

async function ended(groups: readonly Group[]): Promise<void> {
  for (const { pod } of groups) await pod.end();
}

async function measured(
  name: string,
  agent: ChildProcess,
  broker: Awaited<ReturnType<typeof startBroker>>,
): Promise<string[]> {
  await sleep(settleMs);
  const before = {
    cpu: cpuSeconds(agent),
    uploads: broker.taken.length,
    bytes: uploaded(broker),
    at: performance.now(),
  };
  await sleep(windowMs);
  const seconds = (performance.now() - before.at) / 1000;
  const status = readFileSync(`/proc/${agent.pid}/status`, 'utf8');
  const mebibytes = (field: string): string =>
    (Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024).toFixed(1);
  return [
    name,
    mebibytes('VmRSS'),
    mebibytes('RssAnon'),
    ((100 * (cpuSeconds(agent) - before.cpu)) / seconds).toFixed(2),
    ((60 * (broker.taken.length - before.uploads)) / seconds).toFixed(1),
    ((60 * (uploaded(broker) - before.bytes)) / seconds / 1024).toFixed(1),
  ];
}

function uploaded(broker: Awaited<ReturnType<typeof startBroker>>): number {
  return broker.headers.reduce((sum, headers) => sum + Number(headers['content-length'] ?? 0), 0);
}

function cpuSeconds(agent: ChildProcess): number {
  const text = readFileSync(`/proc/${agent.pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
