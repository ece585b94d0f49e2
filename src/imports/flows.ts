/** A flow log, ours or of others (`flow-records.ts`) → a recording. A state that never came to ESTABLISHED is an attempt, and no evidence. */
import type { Cluster, ClusterPod } from '#kubernetes/cluster.ts';
import { isLoopback, parseAddress } from '#kubernetes/addresses.ts';
import { type Whose, whoseIn } from '#kubernetes/whose.ts';
import type { Observation, Peer } from '#observation/observation.ts';
import type { Recording } from '#observation/recording.ts';
import { type FlowLine, flowLine, isFlowLine } from './flow-line.ts';
import type { Converted } from './flow-records/converted.ts';
import { containerOf, recordingOf } from './flow-recording.ts';
import { readingRecords } from './flow-records.ts';
import { readingDocuments } from './json-documents.ts';

export class UnreadableFlows extends Error {}

type Flow = Extract<Observation, { type: 'flow' }>;
interface Entry {
  /** The first line that told of it. */
  readonly line: FlowLine;
  /** A reason where it is no evidence. */
  readonly flow: Omit<Flow, 'seen'> | string;
  readonly seen: { first: number; last: number };
  /** One for each line; repeats are sorted out at the end. */
  readonly events: number[];
  /** Of lines that stand for several connections: how many, by event. */
  counts: Map<number, number> | null;
}

export interface FlowReader {
  /** Throws `UnreadableFlows` with the number of the line. */
  add(line: string): void;
  /** Notes are sentences: lines that were passed over, and why. Throws `UnreadableFlows` where the last one has no end. */
  end(): { readonly recording: Recording; readonly notes: readonly string[] };
}

/** `written`: when the log was, milliseconds since the epoch, for records that tell no times; null where nobody knows. */
export function readingFlows(cluster: Cluster, written: number | null = null): FlowReader {
  const whose = whoseIn(cluster);
  const pods = new Map(cluster.pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod]));
  /** By pod, then by the far address: the few that are left are compared field by field, which costs less than a key. */
  const entries = new Map<string, Map<string, Entry[]>>();
  const seen = new Set<string>();
  const passed = new Map<string, number>();
  const documents = readingDocuments();
  let lost = 0;
  let from = Number.POSITIVE_INFINITY;
  let to = 0;

  const byAddress = new Map(
    cluster.pods.filter(({ hostNetwork }) => !hostNetwork).flatMap((pod) => pod.ips.map((ip) => [ip, pod] as const)),
  );
  const podAt = (ip: string): string | null => {
    const pod = byAddress.get(ip);
    return pod === undefined ? null : `${pod.namespace}/${pod.name}`;
  };
  const records = readingRecords(podAt, written);

  function pass(why: string): void {
    passed.set(why, (passed.get(why) ?? 0) + 1);
  }

  function linesOf(all: readonly Converted[]): readonly FlowLine[] {
    return all.flatMap((each) => {
      if (each.type === 'lost') lost += each.count;
      if (each.type === 'left') pass(each.reason);
      return each.type === 'lines' ? each.lines : [];
    });
  }

  function parsed(text: string): readonly FlowLine[] {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new UnreadableFlows(`line ${documents.startedAt()}: not JSON`);
    }
    if (isFlowLine(value)) return [value];
    const result = flowLine.safeParse(value);
    if (result.success) return [result.data];
    const others = records.add(value);
    if (others !== null) return linesOf(others);
    const [issue] = result.error.issues;
    const where = `line ${documents.startedAt()}: ${issue?.path.join('.') ?? ''}`;
    throw new UnreadableFlows(`${where}: ${issue?.message ?? 'not valid'}`);
  }

  /** What all lines that differ in time and in the client's port alone have in common. */
  function entryOf(line: FlowLine, at: number): Entry {
    const pod = pods.get(line.pod);
    if (pod !== undefined) seen.add(line.pod);
    const flow = pod === undefined ? `${line.pod} is no pod of the cluster` : flowOf(line, pod, whose);
    return { line, flow, seen: { first: at, last: at }, events: [], counts: null };
  }

  function known(line: FlowLine, at: number): Entry {
    let own = entries.get(line.pod);
    if (own === undefined) entries.set(line.pod, (own = new Map()));
    let there = own.get(line.remote.ip);
    if (there === undefined) own.set(line.remote.ip, (there = []));
    for (const each of there) if (isAlike(each.line, line)) return each;
    const entry = entryOf(line, at);
    there.push(entry);
    return entry;
  }

  function take(line: FlowLine): void {
    const at = milliseconds(line.ts);
    from = Math.min(from, at);
    to = Math.max(to, at);
    const entry = known(line, at);
    if (typeof entry.flow === 'string') {
      pass(entry.flow);
      return;
    }
    const event = eventOf(line, at);
    entry.events.push(event);
    if (line.count !== undefined) (entry.counts ??= new Map<number, number>()).set(event, line.count);
    entry.seen.first = Math.min(entry.seen.first, at);
    entry.seen.last = Math.max(entry.seen.last, at);
  }

  return {
    add(line) {
      const text = documents.add(line);
      if (text !== null && text.trim() !== '') for (const each of parsed(text)) take(each);
    },
    end() {
      if (documents.isOpen()) throw new UnreadableFlows(`line ${documents.startedAt()}: a document without an end`);
      for (const line of linesOf(records.end())) take(line);
      const gaps = records.gaps();
      const containers = [...seen]
        .toSorted()
        .flatMap((name) => pods.get(name) ?? [])
        .map((pod) => containerOf(pod, from));
      const observations = [...entries.values()]
        .flatMap((own) => [...own.values()].flat())
        .flatMap(({ flow, seen: sighting, events, counts }): Observation[] =>
          typeof flow === 'string' ? [] : [{ ...flow, seen: { ...sighting, count: countOf(events, counts) } }],
        );
      const notes = [...notesOf(passed), ...gaps];
      return { recording: recordingOf(containers, observations, { from, to, lost, gaps }), notes };
    },
  };
}

/** Ten digits are seconds for two centuries yet. */
function milliseconds(ts: number): number {
  return Math.round(ts < 1e11 ? ts * 1000 : ts);
}

/** A log that is read twice tells of nothing new. */
function countOf(events: readonly number[], counts: ReadonlyMap<number, number> | null): number {
  let count = 0;
  for (const event of new Set(events)) count += counts?.get(event) ?? 1;
  return count;
}

/** Whether two lines of one pod and one far address tell of one kind of connection. */
function isAlike(a: FlowLine, b: FlowLine): boolean {
  const [near, other] = a.direction === 'ingress' ? [a.local, b.local] : [a.remote, b.remote];
  return (
    a.direction === b.direction &&
    near.port === other.port &&
    a.local.ip === b.local.ip &&
    a.protocol === b.protocol &&
    a.state === b.state &&
    a.postNat?.ip === b.postNat?.ip &&
    a.postNat?.port === b.postNat?.port &&
    a.icmpType === b.icmpType &&
    a.http?.method === b.http?.method &&
    a.http?.path === b.http?.path &&
    a.identity === b.identity &&
    a.names?.join() === b.names?.join()
  );
}

/** The time and the port at our end tell connections apart. */
function eventOf({ local, remote }: FlowLine, at: number): number {
  return (at % 2 ** 32) * 2 ** 16 + ((local.port ?? 0) ^ (remote.port ?? 0));
}

/** A reason where the line is no evidence of anything between two ends. */
function flowOf(line: FlowLine, pod: ClusterPod, whose: Whose): Omit<Flow, 'seen'> | string {
  const { direction, local, remote, postNat, protocol, icmpType } = line;
  const far = postNat ?? remote;
  const address = parseAddress(far.ip);
  if (address === null) return `${JSON.stringify(far.ip)} is no address`;
  if (isLoopback(address)) return 'loopback';
  if (pod.ips.includes(far.ip) || far.ip === local.ip) return 'a pod with itself';
  const dialled = direction === 'egress' ? whose.owner(remote.ip) : null;
  const wanted = direction === 'egress' ? far.port : local.port;
  const ports = protocol !== 'ICMP' && protocol !== 'ICMPv6';
  if (ports && (wanted === undefined || wanted === 0)) return 'the port is not told';
  const place =
    direction === 'egress' && whose.isApiServer(far.ip, wanted ?? null)
      ? { peer: { type: 'api-server' as const, ip: far.ip }, port: wanted ?? null }
      : placeOf(far.ip, wanted ?? null, protocol, whose, line.names);
  return {
    type: 'flow',
    container: `${pod.namespace}/${pod.name}`,
    phase: 'program',
    program: null,
    direction,
    protocol: protocol.toLowerCase() as Flow['protocol'],
    port: ports ? place.port : null,
    ...(icmpType === undefined ? {} : { icmpType }),
    ...(line.http === undefined ? {} : { http: line.http }),
    ...(line.identity === undefined || direction === 'egress' ? {} : { identity: line.identity }),
    peer: place.peer,
    ...(dialled?.type === 'service' && remote.port !== undefined
      ? { service: { namespace: dialled.service.namespace, name: dialled.service.name, port: remote.port } }
      : {}),
    outcome:
      line.state === undefined || /ESTABLISHED|CLOSE|FIN|TIME_WAIT/.test(line.state) ? 'established' : 'attempted',
  };
}

/** The peer behind an address, and the port there. A Service that nobody looked through is looked through here. */
function placeOf(
  ip: string,
  port: number | null,
  protocol: string,
  whose: Whose,
  names: readonly string[] | undefined,
): { peer: Peer; port: number | null } {
  const owner = whose.owner(ip);
  switch (owner.type) {
    case 'pod':
      return { peer: { type: 'workload', workload: owner.pod.workload }, port };
    case 'node':
      return { peer: { type: 'node', node: owner.node, ip }, port };
    case 'api-server':
      return { peer: { type: 'api-server', ip }, port };
    case 'service': {
      const behind = port === null ? null : whose.behind(owner.service, port, protocol);
      if (behind !== null) return { peer: { type: 'workload', workload: behind.workload }, port: behind.port };
      return { peer: { type: 'unresolved', ip }, port };
    }
    case 'nobody':
      return { peer: { type: 'unresolved', ip }, port };
    case 'outside':
      return { peer: { type: 'address', ip, ...(names === undefined ? {} : { names: [...names] }) }, port };
  }
}

function notesOf(passed: ReadonlyMap<string, number>): string[] {
  return [...passed].map(([why, count]) => `${count} ${count === 1 ? 'line' : 'lines'} passed over: ${why}`).toSorted();
}
