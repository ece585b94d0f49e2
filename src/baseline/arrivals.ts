/**
 * Facts → arrivals: who called which TCP port of each workload that was watched. What a client's recording shows counts
 * for the server, too.
 */
import { isLoopback, parseAddress } from '#kubernetes/addresses.ts';
import type { Pod } from '#kubernetes/pod.ts';
import { type Workload, workloadKey } from '#kubernetes/workload.ts';
import type { Observation, Peer } from '#observation/observation.ts';
import type { Baseline, Fact } from './baseline.ts';
import { type Evidence, larger, sum } from './evidence.ts';

export interface Request {
  readonly method: string;
  /** With its query. */
  readonly path: string;
}

/** One client at one port of a server. */
export interface Arrival {
  readonly from: Exclude<Peer, { type: 'unresolved' }>;
  readonly port: number;
  /** The client's own pods, where its end was recorded. */
  readonly pods: readonly Pod[];
  /** Who the mesh says it was, sorted; empty where nobody told. */
  readonly identities: readonly string[];
  /** Told by the mesh: it came without an identity. */
  readonly anonymous: boolean;
  /** Calls that nobody told an identity of. */
  readonly untold: boolean;
  readonly requests: readonly Request[];
  /** A pod was dialled and no Service. Only the client's end tells. */
  readonly direct: boolean;
  /** From the server's own node. */
  readonly ownNode: boolean;
  readonly evidence: Evidence;
}

export interface Server {
  readonly workload: Workload;
  readonly baselines: readonly Baseline[];
  /** Its pods as they were recorded. */
  readonly pods: readonly Pod[];
  /** Sorted by port and client. */
  readonly arrivals: readonly Arrival[];
  /** Clients that nobody could name: `10.1.2.3 to 8080`. */
  readonly unresolved: readonly string[];
}

type Flow = Extract<Observation, { type: 'flow' }>;
type FlowClaim = Omit<Flow, 'container' | 'seen'>;

/** Baselines without a pod are passed over. */
export function servers(baselines: readonly Baseline[]): Server[] {
  const groups = Map.groupBy(
    baselines.filter(({ place }) => place !== null),
    (baseline) => workloadKey(workloadOf(baseline)),
  );
  const own = new Map([...groups.keys()].map((key) => [key, new Map<string, Arrival>()]));
  const told = new Map([...groups.keys()].map((key) => [key, new Map<string, Arrival>()]));
  const unresolved = new Map<string, Set<string>>([...groups.keys()].map((key) => [key, new Set()]));

  for (const [key, group] of groups) {
    for (const baseline of group) {
      const pods = new Map(baseline.instances.map(({ id, pod }) => [id, pod]));
      for (const fact of baseline.facts) {
        const { claim } = fact;
        if (!isEvidence(claim) || staysInside(claim.peer)) continue;
        if (claim.direction === 'ingress') arrive(key, claim, fact, pods);
        else depart(baseline, claim, fact, pods);
      }
    }
  }

  function arrive(
    key: string,
    claim: FlowClaim & { port: number },
    { seen }: Fact,
    pods: Map<string, Pod | undefined>,
  ): void {
    const { peer, port } = claim;
    if (peer.type === 'unresolved') {
      unresolved.get(key)?.add(`${peer.ip} to ${port}`);
      return;
    }
    for (const [run, sighting] of Object.entries(seen)) {
      const ownNode = peer.type === 'node' && peer.node === pods.get(run)?.node;
      add(own.get(key), { ...arrivalOf(claim, peer, sighting), ownNode });
    }
  }

  function depart(
    baseline: Baseline,
    claim: FlowClaim & { port: number },
    { seen }: Fact,
    pods: Map<string, Pod | undefined>,
  ): void {
    if (claim.peer.type !== 'workload') return;
    const server = told.get(workloadKey(claim.peer.workload));
    if (server === undefined) return;
    for (const [run, sighting] of Object.entries(seen)) {
      const pod = pods.get(run);
      add(server, {
        ...arrivalOf(claim, { type: 'workload', workload: workloadOf(baseline) }, sighting),
        pods: pod === undefined ? [] : [pod],
        untold: false,
        direct: claim.service === undefined,
      });
    }
  }

  return [...groups]
    .map(([key, group]): Server => {
      const [first] = group;
      if (first === undefined) throw new Error('a group has a member');
      const found = merged(own.get(key) ?? new Map(), told.get(key) ?? new Map());
      return {
        workload: workloadOf(first),
        baselines: group,
        pods: group.flatMap(({ instances }) => instances.flatMap(({ pod }) => pod ?? [])),
        arrivals: [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, arrival]) => arrival),
        unresolved: [...(unresolved.get(key) ?? [])].toSorted(),
      };
    })
    .toSorted((a, b) => (workloadKey(a.workload) < workloadKey(b.workload) ? -1 : 1));
}

export interface Place {
  /** `workloadKey` of the server. */
  readonly server: string;
  /** `arrivalKey` at it. */
  readonly arrival: string;
}

/** To which arrival an observation of these baselines' runs belongs; null for what is none. */
export function placing(baselines: readonly Baseline[]): (observation: Observation) => Place | null {
  const workloads = new Map(
    baselines.flatMap((baseline) => baseline.instances.map(({ id }) => [id, workloadOf(baseline)] as const)),
  );
  return (observation) => {
    const own = workloads.get(observation.container);
    if (own === undefined || observation.type !== 'flow' || observation.port === null) return null;
    const { peer, port, direction } = observation;
    if (direction === 'ingress')
      return peer.type === 'unresolved'
        ? null
        : { server: workloadKey(own), arrival: arrivalKey({ port, from: peer }) };
    if (peer.type !== 'workload') return null;
    return {
      server: workloadKey(peer.workload),
      arrival: arrivalKey({ port, from: { type: 'workload', workload: own } }),
    };
  };
}

/** What tells an arrival from others of its server: the port and the client. */
export function arrivalKey({ port, from }: Pick<Arrival, 'port' | 'from'>): string {
  return `${String(port).padStart(5, '0')} ${peerKey(from)}`;
}

export function peerKey(from: Arrival['from']): string {
  switch (from.type) {
    case 'workload':
      return `0 ${workloadKey(from.workload)}`;
    case 'node':
      return `1 ${from.node} ${from.ip}`;
    default:
      return `2 ${from.type} ${from.ip}`;
  }
}

/** The workload that a container belongs to. */
export function workloadOf({ place, workload }: Pick<Baseline, 'place' | 'workload'>): Workload {
  return { namespace: place?.namespace ?? '', kind: place?.kind ?? '', name: workload };
}

function isEvidence(claim: Fact['claim']): claim is FlowClaim & { port: number } {
  return claim.type === 'flow' && claim.protocol === 'tcp' && claim.outcome === 'established' && claim.port !== null;
}

/** Loopback never leaves a pod. */
function staysInside(peer: Peer): boolean {
  const address = 'ip' in peer ? parseAddress(peer.ip) : null;
  return address !== null && isLoopback(address);
}

function arrivalOf(claim: FlowClaim & { port: number }, from: Arrival['from'], seen: Evidence): Arrival {
  const { port, http, identity } = claim;
  const { count, first, last } = seen;
  return {
    from: from.type === 'address' ? { type: 'address', ip: from.ip } : from,
    port,
    pods: [],
    identities: typeof identity === 'string' ? [identity] : [],
    anonymous: identity === null,
    untold: identity === undefined,
    requests: http === undefined ? [] : [http],
    direct: false,
    ownNode: false,
    evidence: { count, first, last },
  };
}

function add(arrivals: Map<string, Arrival> | undefined, arrival: Arrival): void {
  const key = arrivalKey(arrival);
  const known = arrivals?.get(key);
  arrivals?.set(key, known === undefined ? arrival : joined(known, arrival, sum));
}

/** Both ends saw the same connections: they are not counted twice. */
function merged(own: ReadonlyMap<string, Arrival>, told: ReadonlyMap<string, Arrival>): Map<string, Arrival> {
  const all = new Map(own);
  for (const [key, arrival] of told) {
    const known = all.get(key);
    all.set(key, known === undefined ? { ...arrival, untold: true } : joined(known, arrival, larger));
  }
  return all;
}

function joined(a: Arrival, b: Arrival, evidence: (x: Evidence, y: Evidence) => Evidence): Arrival {
  const requests = new Map([...a.requests, ...b.requests].map((each) => [`${each.method} ${each.path}`, each]));
  const pods = new Map([...a.pods, ...b.pods].map((each) => [each.uid, each]));
  return {
    ...a,
    pods: [...pods].toSorted(([x], [y]) => (x < y ? -1 : 1)).map(([, pod]) => pod),
    identities: [...new Set([...a.identities, ...b.identities])].toSorted(),
    anonymous: a.anonymous || b.anonymous,
    untold: a.untold || b.untold,
    requests: [...requests].toSorted(([x], [y]) => (x < y ? -1 : 1)).map(([, request]) => request),
    direct: a.direct || b.direct,
    // What came from another node as well needs a rule all the same.
    ownNode: a.ownNode && b.ownNode,
    evidence: evidence(a.evidence, b.evidence),
  };
}
