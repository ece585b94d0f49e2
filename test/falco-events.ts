/**
 * What two containers really did, as events of Falco's engine (of 2022): captured in the lab's guest, where the same
 * workloads run under the rules' own names, and are attacked then. And the rules, of the workloads as recorded here.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:net';
import type { Container, Recording } from '#observation/recording.ts';
import { builtAttacks } from './attack-tries.ts';
import { type Condition, conditions, older, type Stand } from './falco-conditions.ts';
import { recordContainer, startContainer } from './lab.ts';
import { captured } from './scap.ts';

const run = promisify(execFile);
const here = fileURLToPath(new URL('.', import.meta.url));

/** By name; where Docker would say, its short id is what events have. */
export const ids = { web: '1'.repeat(64), worker: '2'.repeat(64), stranger: '3'.repeat(64) };
export const shortId = (id: string): string => id.slice(0, 12);

const pod = {
  ...{ cluster: 'c', namespace: 'store', kind: 'Deployment', name: 'shop-5d4f8c7b9-x2x4z', uid: 'u', node: 'n' },
  ...{ labels: { app: 'shop' }, serviceAccount: null, hostNetwork: false },
};
/** One in a cluster, one known by its image alone. */
const known = {
  web: { workload: 'shop', name: 'app', image: 'registry.example/store/shop:1.2', pod },
  worker: { workload: 'worker', name: 'worker', image: 'registry.example/store/worker:1' },
} satisfies Record<string, Partial<Container>>;
const programs = {
  web: ['nginx', '-g', 'daemon off;'],
  worker: ['/usr/bin/python3.11', '-I', '-S', '/srv/falco-events-worker.py'],
};
const ports = { web: 80, worker: 8001 };

export type Name = keyof typeof known;

/** A first run of it in a container here, under a filter: what the runtime does then is recorded, too. */
export async function recorded(name: Name, folder: string): Promise<Recording> {
  // Others may do the same at the same time.
  const id = `kgfe-${name}-${process.pid}`;
  const filter = join(folder, 'filter.json');
  writeFileSync(filter, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [] }));
  const flags = ['--bind', `${here}:/srv:ro`, '--seccomp', filter, '--no-nnp'];
  const recording = await recordContainer(id, name, async () => {
    const container = await startContainer(id, flags, programs[name]);
    try {
      await answers(container.ip, ports[name]);
      await sleep(500);
    } finally {
      await container.remove();
    }
  });
  return { ...recording, containers: recording.containers.map((each) => ({ ...each, ...known[name] })) };
}

async function answers(host: string, port: number): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const socket = connect({ host, port }, () => socket.end('GET / HTTP/1.0\r\n\r\n'));
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(true));
    socket.resume();
    if (await promise) return;
    if (tries === 100) throw new Error(`${host}:${port} does not answer`);
    await sleep(100);
  }
}

/** The capture's file. */
export async function capture(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  builtAttacks(folder);
  for (const file of readdirSync(here).filter((each) => /^falco-events-.*\.py$/.test(each)))
    copyFileSync(join(here, file), join(folder, file));
  const variables = Object.entries(ids).map(([name, id]) => `${name.toUpperCase()}=${id}\n`);
  writeFileSync(join(folder, 'ids.sh'), variables.join(''));
  const { namespace, name: podName, uid } = pod;
  const labels = { 'io.kubernetes.pod.namespace': namespace, 'io.kubernetes.pod.name': podName };
  const described = {
    [ids.web]: { name: known.web.name, image: known.web.image, labels: { ...labels, 'io.kubernetes.pod.uid': uid } },
    [ids.worker]: { name: known.worker.name, image: known.worker.image, labels: {} },
  };
  writeFileSync(join(folder, 'containers.json'), JSON.stringify(described));
  return join(await captured('falco-events-guest.sh', folder, 240), 'events.scap');
}

export type Value = string | number | boolean | null;
export type Event = Readonly<Record<string, Value>>;

/**
 * In order, with the fields asked for, null where there is none. This engine dies of `evt.res` in JSON: it is made from the
 * number.
 */
export async function events(file: string, fields: readonly string[], condition: string): Promise<Event[]> {
  const all = ['evt.num', 'evt.type', 'evt.rawres', ...fields].filter(
    (each, at, list) => list.indexOf(each) === at && each !== 'evt.res',
  );
  const format = `*${all.map((field) => `%${field}`).join(' ')}`;
  const lines = await sysdig(file, ['-j', '-p', format], condition);
  return lines.map((line) => {
    const event = JSON.parse(line) as Event;
    return { ...event, 'evt.res': resultOf(event['evt.rawres'] ?? null) };
  });
}

function resultOf(raw: Value): string | null {
  if (typeof raw !== 'number') return null;
  if (raw >= 0) return 'SUCCESS';
  return Object.entries(constants.errno).find(([, number]) => number === -raw)?.[0] ?? null;
}

/** Numbers of the events for which it holds. */
export async function holding(file: string, condition: string): Promise<Set<number>> {
  return new Set((await sysdig(file, ['-p', '%evt.num'], condition)).map(Number));
}

/** `-d`: asked after an event changed what is known of the process, as Falco asks. */
async function sysdig(file: string, options: readonly string[], condition: string): Promise<string[]> {
  const { stdout } = await run('sysdig', ['-r', file, '-d', ...options, condition], {
    maxBuffer: 1 << 28,
    timeout: 60_000,
  });
  return stdout.split('\n').filter((line) => line !== '');
}

const renames = ['rename', 'renameat', 'renameat2'];
const links = ['link', 'linkat'];
const symlinks = ['symlink', 'symlinkat'];
/** What this engine has in the place of fields that are newer, as those are filled from it. */
export const instead: Readonly<Record<string, readonly Stand[]>> = {
  'fs.path.name': [
    { field: 'evt.arg.path', types: ['unlink', 'rmdir', 'mkdir', 'mkdirat'] },
    { field: 'evt.arg.name', types: ['unlinkat'] },
    { field: 'evt.arg.filename', types: ['chmod', 'fchmodat'] },
  ],
  'fs.path.source': [
    { field: 'evt.arg.oldpath', types: renames },
    { field: 'evt.arg.newpath', types: links },
    { field: 'evt.arg.linkpath', types: symlinks },
  ],
  'fs.path.target': [
    { field: 'evt.arg.newpath', types: renames },
    { field: 'evt.arg.oldpath', types: links },
    { field: 'evt.arg.target', types: symlinks },
  ],
  'proc.pexepath': [{ field: 'proc.pname' }],
};

export interface Askable extends Condition {
  readonly left: readonly string[];
  /** Of sockets that were made this engine tells what they are where the call begins, today's where it ends. */
  readonly direction: '<' | '>';
}

/** Conditions as this engine can be asked them. */
export function askable(rules: string): Askable[] {
  return conditions(rules).map((each) => {
    const direction = each.rule.startsWith('Unexpected kind of socket') ? '>' : '<';
    const { condition, left } = older(each.condition, instead);
    // Failed calls have no such path.
    const done = left.includes('fs.path.name') ? ' and evt.failed = false' : '';
    return { ...each, condition: `evt.dir = ${direction}${done} and (${condition})`, left, direction };
  });
}

/** Fields that a text asks for, of events and of containers. */
export function fieldsIn(condition: string): string[] {
  const found = condition
    .replaceAll(/"[^"]*"/g, '""')
    .matchAll(/\b(?:evt|fd|proc|user|container|k8s)(?:\.[a-z_0-9]+)+/g);
  return [...new Set(Array.from(found, ([field]) => field))].toSorted();
}

/** The event as a question to our judge: newer fields from what stands for them. */
export function question(event: Event): { op: 'event'; type: string; fields: Record<string, Value> } {
  const type = String(event['evt.type']);
  const fields: Record<string, Value> = { ...event };
  for (const [field, stands] of Object.entries(instead)) {
    const stand = stands.find(({ types }) => types === undefined || types.includes(type));
    const value = stand === undefined ? null : (event[stand.field] ?? null);
    fields[field] = field.startsWith('fs.') && event['evt.failed'] === true ? null : value;
  }
  return { op: 'event', type, fields };
}

export interface Mark {
  readonly attack: string;
  /** `done`, or why it was not, where the attack tells. */
  readonly outcome: string;
  /** Number of the event that ends it. */
  readonly end: number;
}

/** Where each attack ended: it writes its own name. And the number of the event that began the first. */
export async function marks(
  file: string,
  name: Name,
): Promise<{ readonly first: number; readonly all: readonly Mark[] }> {
  const own = `evt.dir = < and container.id = ${shortId(ids[name])}`;
  const form = /^(?:mark )?([a-z0-9-]{3,}?)(?: (done|\d+|signal \d+))?\.$/;
  const written = await events(file, ['evt.buffer'], `${own} and evt.type = write and proc.cmdline contains attack`);
  const all = written.flatMap((each): Mark[] => {
    const [whole = '', attack = '', outcome] = form.exec(String(each['evt.buffer'])) ?? [];
    const told = name === 'worker' ? whole.startsWith('mark ') : outcome !== undefined;
    return told ? [{ attack, outcome: outcome ?? 'done', end: Number(each['evt.num']) }] : [];
  });
  const [begun] = await events(file, [], `${own} and evt.type = execve and proc.cmdline contains attack`);
  return { first: Number(begun?.['evt.num']), all };
}
