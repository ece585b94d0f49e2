/** Facts → edges: who speaks with whom over which port, with the evidence. */
import type { Baseline, Fact } from '#baseline/baseline.ts';
import { type Evidence, larger, sum } from '#baseline/evidence.ts';
import { isLoopback, parseAddress } from '#kubernetes/addresses.ts';
import { type Workload, workloadKey as keyOf } from '#kubernetes/workload.ts';
import type { Observation, Peer, Protocol } from '#observation/observation.ts';

export interface Edge {
  readonly direction: 'ingress' | 'egress';
  readonly peer: Exclude<Peer, { type: 'unresolved' }>;
  readonly protocol: Protocol;
  readonly port: number | null;
  readonly icmpType: number | null;
  readonly evidence: Evidence;
  /** Services that were dialled, `shop/web:80`. */
  readonly services: readonly string[];
  /** True when only the other end's recording shows it. */
  readonly told: boolean;
  /** HTTP requests that were seen in it; empty where no recorder read them. */
  readonly requests: readonly Request[];
}

export interface Request {
  readonly method: string;
  readonly path: string;
}

/** One workload that was watched. */
export interface Watched {
  readonly workload: Workload;
  readonly baselines: readonly Baseline[];
  readonly edges: readonly Edge[];
  /** Ends that nobody could name, `egress to 10.1.2.3 443/tcp`: listed, never turned into a rule. */
  readonly unresolved: readonly string[];
  /** Names that were asked of DNS, sorted. */
  readonly questions: readonly string[];
}

export interface Limits {
  /** Whether requests become rules: then what tells of the connection alone does not speak of them. */
  readonly l7: boolean;
  /** Facts that were last seen earlier do not count; null for all. */
  readonly since: number | null;
  readonly minObservations: number;
}

export interface Edges {
  readonly watched: readonly Watched[];
  /** Whether the limits left this observation out. */
  readonly leftOut: (observation: Observation) => boolean;
  readonly leftOutCount: number;
}

type Flow = Extract<Observation, { type: 'flow' }>;
type FlowClaim = Omit<Flow, 'container' | 'seen'>;

/** Baselines without a pod are passed over. */
export function edgesOf(baselines: readonly Baseline[], limits: Limits): Edges {
  const groups = Map.groupBy(
    baselines.filter(({ place }) => place !== null),
    (baseline) => keyOf(workloadOf(baseline)),
  );
  const workloads = new Map(
    [...groups].flatMap(([key, [first]]) => (first === undefined ? [] : [[key, workloadOf(first)] as const])),
  );
  const found = new Map<string, Map<string, Edge>>([...groups.keys()].map((key) => [key, new Map()]));
  const unresolved = new Map<string, Set<string>>();
  const workloadOfRun = new Map<string, string>();
  const nodeOfRun = new Map<string, string | undefined>();
  for (const [key, own] of groups) {
    for (const { id, pod } of own.flatMap(({ instances }) => instances)) {
      workloadOfRun.set(id, key);
      nodeOfRun.set(id, pod?.node);
    }
    for (const { facts } of own) for (const fact of facts) gather(key, fact);
  }

  function gather(key: string, { claim, seen }: Fact): void {
    if (claim.type !== 'flow' || claim.outcome !== 'established' || staysInside(claim.peer)) return;
    // A pod's own node, its kubelet above all, is always let in: no rule is needed.
    const counts = Object.entries(seen).filter(([run]) => !isOwnNode(claim, nodeOfRun.get(run)));
    if (counts.length === 0) return;
    const evidence = counts.map(([, sighting]) => sighting).reduce(sum);
    if (claim.peer.type === 'unresolved') {
      const list = unresolved.get(key) ?? new Set();
      list.add(
        `${claim.direction} ${claim.direction === 'egress' ? 'to' : 'from'} ${claim.peer.ip} ${claim.port ?? ''}/${claim.protocol}`,
      );
      unresolved.set(key, list);
      return;
    }
    add(found.get(key), edgeOf(claim, claim.peer, evidence, false));
  }

  mirror(found, workloads);
  const kept = (edge: Edge): boolean =>
    edge.evidence.count >= limits.minObservations && (limits.since === null || edge.evidence.last >= limits.since);
  let leftOutCount = 0;
  const dropped = new Map<string, Set<string>>();
  const asked = new Map<string, Set<string>>();
  const watched = [...groups].flatMap(([key, own]): Watched[] => {
    const workload = workloads.get(key);
    if (workload === undefined) return [];
    const edges = [...(found.get(key)?.values() ?? [])];
    const out = edges.filter((edge) => !kept(edge));
    leftOutCount += out.length;
    dropped.set(key, new Set(out.map(identityOf)));
    const questions = questionsOf(own);
    const speaks = ({ requests, direction, port }: Edge): boolean =>
      requests.length > 0 || (questions.length > 0 && direction === 'egress' && (port === 53 || port === 5353));
    if (limits.l7) asked.set(key, new Set(edges.filter(speaks).map(identityOf)));
    return [
      {
        workload,
        baselines: own,
        edges: edges.filter(kept),
        unresolved: [...(unresolved.get(key) ?? [])].toSorted(),
        questions,
      },
    ];
  });
  return {
    watched: watched.toSorted((a, b) => (keyOf(a.workload) < keyOf(b.workload) ? -1 : 1)),
    leftOutCount,
    leftOut(observation) {
      if (observation.type !== 'flow' || observation.peer.type === 'unresolved') return false;
      const workload = workloadOfRun.get(observation.container) ?? '';
      const identity = identityOf(edgeOf(observation, observation.peer, observation.seen, false));
      const silent = observation.http === undefined && asked.get(workload)?.has(identity) === true;
      return silent || dropped.get(workload)?.has(identity) === true;
    },
  };
}

function questionsOf(baselines: readonly Baseline[]): string[] {
  const names = baselines.flatMap(({ facts }) =>
    facts.flatMap(({ claim }) => (claim.type === 'dns' ? claim.name : [])),
  );
  return [...new Set(names.map((name) => name.toLowerCase().replace(/\.$/, '')))]
    .filter((name) => name !== '')
    .toSorted();
}

export function workloadOf({ place, workload }: Baseline): Workload {
  return { namespace: place?.namespace ?? '', kind: place?.kind ?? '', name: workload };
}

/** What one end's recording shows holds for the other end too, where that one was watched. */
function mirror(found: Map<string, Map<string, Edge>>, workloads: ReadonlyMap<string, Workload>): void {
  const seen = [...found].flatMap(([key, edges]) => [...edges.values()].map((edge) => ({ key, edge })));
  for (const { key, edge } of seen) {
    if (edge.peer.type !== 'workload') continue;
    const other = found.get(keyOf(edge.peer.workload));
    const workload = workloads.get(key);
    if (other === undefined || workload === undefined) continue;
    const turned: Edge = {
      ...edge,
      direction: edge.direction === 'egress' ? 'ingress' : 'egress',
      peer: { type: 'workload', workload },
      services: edge.services,
      told: true,
    };
    const own = other.get(identityOf(turned));
    // Both ends saw the same connections: they are not counted twice, and limits hold for both ends alike.
    const evidence = own === undefined ? edge.evidence : larger(own.evidence, edge.evidence);
    const requests = requestsOf([edge, ...(own === undefined ? [] : [own])]);
    other.set(identityOf(turned), own === undefined ? turned : { ...own, evidence, requests });
    found.get(key)?.set(identityOf(edge), { ...edge, evidence, requests });
  }
}

function edgeOf(claim: FlowClaim, peer: Edge['peer'], evidence: Evidence, told: boolean): Edge {
  const { direction, protocol, port, icmpType, service, http } = claim;
  return {
    direction,
    peer: peer.type === 'address' ? { ...peer, names: peer.names?.toSorted() ?? [] } : peer,
    protocol,
    port,
    icmpType: icmpType ?? null,
    evidence,
    services: service === undefined ? [] : [`${service.namespace}/${service.name}:${service.port}`],
    told,
    requests: http === undefined ? [] : [http],
  };
}

export function requestsOf(edges: readonly Edge[]): Request[] {
  const found = new Map(edges.flatMap(({ requests }) => requests).map((each) => [`${each.method} ${each.path}`, each]));
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}

/** Names and services are what an edge is called; what it is, is its peer and port. */
function identityOf({ direction, peer, protocol, port, icmpType }: Edge): string {
  return `${direction} ${protocol} ${port} ${icmpType} ${peerKey(peer)}`;
}

export function peerKey(peer: Edge['peer']): string {
  switch (peer.type) {
    case 'workload':
      return `workload ${keyOf(peer.workload)}`;
    case 'node':
      return `node ${peer.node} ${peer.ip}`;
    default:
      return `${peer.type} ${peer.ip}`;
  }
}

function add(edges: Map<string, Edge> | undefined, edge: Edge): void {
  const key = identityOf(edge);
  const known = edges?.get(key);
  edges?.set(key, known === undefined ? edge : joined(known, edge));
}

function joined(a: Edge, b: Edge): Edge {
  const names = (peer: Edge['peer']): readonly string[] => (peer.type === 'address' ? (peer.names ?? []) : []);
  const peer =
    a.peer.type === 'address'
      ? { ...a.peer, names: [...new Set([...names(a.peer), ...names(b.peer)])].toSorted() }
      : a.peer;
  return {
    ...a,
    peer,
    services: [...new Set([...a.services, ...b.services])].toSorted(),
    evidence: sum(a.evidence, b.evidence),
    requests: requestsOf([a, b]),
  };
}

/** Loopback never leaves a pod. */
function staysInside(peer: Peer): boolean {
  const address = 'ip' in peer ? parseAddress(peer.ip) : null;
  return address !== null && isLoopback(address);
}

function isOwnNode({ direction, peer }: FlowClaim, node: string | undefined): boolean {
  return direction === 'ingress' && peer.type === 'node' && peer.node === node;
}
