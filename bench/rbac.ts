/**
 * Audit events in a second on one core, and memory while a log of several gigabytes streams by: it is made as it is read, so
 * that no disk takes part. Events are as API servers write them at level Metadata, about 1 KiB each.
 */
import { Readable } from 'node:stream';
import { eachLine } from '../src/cli/long-lines.ts';
import { readingKubernetesAudit } from '#imports/kubernetes-audit.ts';
import { generateRbac } from '#posture/rbac/generate.ts';
import { proveRbac } from '#posture/rbac/prove.ts';
import { print, rounds, table } from './print.ts';

const verbs = ['get', 'list', 'watch', 'update', 'patch', 'create', 'delete'];
const resources = ['pods', 'configmaps', 'secrets', 'services', 'endpoints', 'events', 'leases', 'nodes'];
const namespaces = 50;

/** Of 400 service accounts, each with some rights, names that come again and names that do not. */
function event(at: number): string {
  const namespace = `team-${at % namespaces}`;
  const user = `system:serviceaccount:${namespace}:app-${Math.floor(at / namespaces) % 8}`;
  const verb = verbs[at % verbs.length] ?? '';
  const resource = resources[Math.floor(at / 7) % resources.length] ?? '';
  const name = at % 3 === 0 ? `web-${at.toString(36)}` : `settings-${at % 3}`;
  const path = `/api/v1/namespaces/${namespace}/${resource}/${name}`;
  const id = `${at.toString(16).padStart(8, '0')}-9c1e-4e2a-8f3b-5b0c7d1e2f3a`;
  const time = new Date(1_767_225_600_000 + at * 7).toISOString().replace('Z', '123Z');
  const pod = `app-7d9f8c6b5-${(at % 97).toString(36).padStart(5, 'x')}`;
  return `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"${id}","stage":"ResponseComplete","requestURI":"${path}?timeout=32s","verb":"${verb}","user":{"username":"${user}","uid":"0a1b2c3d-1111-2222-3333-444455556666","groups":["system:serviceaccounts","system:serviceaccounts:${namespace}","system:authenticated"],"extra":{"authentication.kubernetes.io/credential-id":["JTI=0f6a3c1e-7b2d-4e5f-9a8b-1c2d3e4f5a6b"],"authentication.kubernetes.io/node-name":["node-1"],"authentication.kubernetes.io/node-uid":["7e6d5c4b-aaaa-bbbb-cccc-ddddeeeeffff"],"authentication.kubernetes.io/pod-name":["${pod}"],"authentication.kubernetes.io/pod-uid":["1f2e3d4c-5b6a-7988-a7b6-c5d4e3f2a1b0"]}},"sourceIPs":["10.0.3.17"],"userAgent":"app/v0.0.0 (linux/amd64) kubernetes/$Format","objectRef":{"resource":"${resource}","namespace":"${namespace}","name":"${name}","apiVersion":"v1"},"responseStatus":{"metadata":{},"code":200},"requestReceivedTimestamp":"${time}","stageTimestamp":"${time}","annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":"RBAC: allowed by RoleBinding \\"app/${namespace}\\" of Role \\"app\\" to ServiceAccount \\"app/${namespace}\\""}}\n`;
}

/** Pieces of a megabyte, as a file is read: the same bytes again and again, but for the ids and times that are written over. */
class Log extends Readable {
  readonly #most: number;
  readonly #each: number;
  readonly #pieces: readonly Buffer[];
  readonly #ids: readonly (readonly number[])[];
  given = 0;
  #number = 0;
  lines = 0;

  constructor(bytes: number) {
    super({ highWaterMark: 1 << 20 });
    this.#most = bytes;
    const texts = Array.from({ length: 16 }, (_, piece) =>
      Array.from({ length: 1000 }, (_line, at) => event(piece * 1000 + at)).join(''),
    );
    this.#pieces = texts.map((text) => Buffer.from(text));
    this.#ids = texts.map((text) =>
      [...text.matchAll(/"auditID":"/g)].map(({ index }) => index + '"auditID":"'.length),
    );
    this.#each = 1000;
  }

  override _read(): void {
    const piece = this.#number % this.#pieces.length;
    // Written over in its place: no more than two are read ahead, and there are sixteen.
    const bytes = this.#pieces[piece] ?? Buffer.alloc(0);
    // Ids never repeat: otherwise the events would count once.
    for (const [at, place] of (this.#ids[piece] ?? []).entries()) {
      let left = this.#number * this.#each + at;
      for (let digit = place + 7; digit >= place; digit -= 1) {
        bytes[digit] = (left & 15) < 10 ? 48 + (left & 15) : 87 + (left & 15);
        left >>>= 4;
      }
    }
    this.#number += 1;
    this.given += bytes.length;
    this.lines += this.#each;
    this.push(bytes);
    if (this.given >= this.#most) this.push(null);
  }
}

async function read(bytes: number, watch: (given: number) => void = () => undefined) {
  const log = new Log(bytes);
  const reader = readingKubernetesAudit();
  let seen = 0;
  await eachLine(log, (line) => {
    const fault = line === null ? 'too long' : reader.add(line);
    if (fault !== null) throw new Error(fault);
    seen += 1;
    if (seen % 10_000 === 0) watch(log.given);
  });
  const { events, uses } = reader.end();
  if (events !== log.lines) throw new Error(`${events} of ${log.lines} events were read`);
  return { events, uses };
}

/** The bytes alone, without a reader: what the bench itself takes. */
async function passed(bytes: number): Promise<void> {
  for await (const _ of new Log(bytes)) continue;
}

export async function bench(): Promise<void> {
  const some = 256 << 20;
  let least = Number.POSITIVE_INFINITY;
  let made = Number.POSITIVE_INFINITY;
  let cpu = Number.POSITIVE_INFINITY;
  let events = 0;
  for (let round = 0; round < rounds; round += 1) {
    let began = performance.now();
    await passed(some);
    made = Math.min(made, performance.now() - began);
    began = performance.now();
    const before = process.cpuUsage();
    ({ events } = await read(some));
    least = Math.min(least, performance.now() - began);
    const { user, system } = process.cpuUsage(before);
    cpu = Math.min(cpu, (user + system) / 1000);
  }
  print('Audit events of an API server, level Metadata, from bytes to rights that were used');
  table([
    ['', 'events per second', 'µs each', 'of the CPU, µs each', 'MB/s'],
    [
      `${events} events, ${Math.round(some / 1e6)} MB`,
      ((events / least) * 1000).toFixed(0),
      ((least / events) * 1000).toFixed(2),
      ((cpu / events) * 1000).toFixed(2),
      (some / 1e3 / least).toFixed(0),
    ],
    [
      'making them, which is in the line above',
      ((events / made) * 1000).toFixed(0),
      ((made / events) * 1000).toFixed(2),
      '',
      '',
    ],
  ]);
  await memory(Number(process.env['BENCH_LOG_GB'] ?? 5) * 1e9);
}

/** Resident memory at ten points of one log. */
async function memory(bytes: number): Promise<void> {
  const rows: string[][] = [['', 'resident, MiB', 'heap in use, MiB']];
  let next = bytes / 10;
  const began = performance.now();
  const { events, uses } = await read(bytes, (given) => {
    if (given < next || rows.length > 10) return;
    const { rss, heapUsed } = process.memoryUsage();
    rows.push([
      `after ${(given / 1e9).toFixed(1)} GB`,
      (rss / (1 << 20)).toFixed(0),
      (heapUsed / (1 << 20)).toFixed(0),
    ]);
    next += bytes / 10;
  });
  const seconds = (performance.now() - began) / 1000;
  print(
    `Memory while a log of ${bytes / 1e9} GB streams by: ${events} events in ${seconds.toFixed(0)} s, ${uses.length} rights that were used`,
  );
  table(rows);
  const users = Map.groupBy(uses, ({ user }) => user);
  const options = { maxNames: 3, includeDenied: false };
  const start = performance.now();
  let refused = 0;
  for (const [name, own] of users) {
    const { objects, needed, refusals } = generateRbac({ type: 'user', name }, own, options);
    refused += proveRbac(objects, needed, refusals).refused.length;
  }
  if (refused > 0) throw new Error(`${refused} requests are refused`);
  print(`Roles of ${users.size} users written and proved in ${(performance.now() - start).toFixed(0)} ms\n`);
}
