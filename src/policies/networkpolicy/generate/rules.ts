/** One direction of one workload: edges → rules, one for each peer. */
import { sum } from '#baseline/evidence.ts';
import type { Cluster, ClusterPod } from '#kubernetes/cluster.ts';
import { naming, type Named } from '#kubernetes/naming.ts';
import { publishing } from '#kubernetes/published.ts';
import { type Workload, workloadKey as keyOf } from '#kubernetes/workload.ts';
import type { DraftPort, DraftRule } from './draft.ts';
import { type Edge, requestsOf } from './edges.ts';
import {
  addressPeer,
  aggregated,
  apiServerPeer,
  familyOf,
  isSpecial,
  namePeer,
  namesRemark,
  nodesPeer,
  type Placed,
  publishedPeer,
} from './peers.ts';

export interface Rules {
  readonly rules: readonly DraftRule[];
  /** What could not be written, or is wider than what was seen. */
  readonly notes: readonly string[];
  /** What it needs and no rule can say: a policy without would break it. */
  readonly blocked: readonly string[];
}

export interface Wanted {
  readonly external: External;
  /** Whether requests become part of the rules. */
  readonly l7: boolean;
}

export type External = 'exact' | 'aggregate' | 'fqdn';
type AddressEdge = Edge & {
  readonly peer: { readonly type: 'address'; readonly ip: string; readonly names?: readonly string[] };
};

/** What rules of every workload look up in the cluster. */
export interface Lookup {
  readonly cluster: Cluster;
  /** Whether policies name nodes and the world by what they are, not by their addresses. */
  readonly identities: boolean;
  readonly named: (workload: Workload, labels?: readonly ClusterPod['labels'][]) => Named;
  readonly published: ReturnType<typeof publishing>;
  readonly podsOf: ReadonlyMap<string, readonly ClusterPod[]>;
}

export function lookupIn(cluster: Cluster, identities: boolean): Lookup {
  return {
    cluster,
    identities,
    named: naming(cluster),
    published: publishing(cluster),
    podsOf: Map.groupBy(cluster.pods, ({ workload }) => keyOf(workload)),
  };
}

export function rulesOf(
  workload: Workload,
  direction: Edge['direction'],
  edges: readonly Edge[],
  { external, l7 }: Wanted,
  lookup: Lookup,
): Rules {
  const notes: string[] = [];
  const blocked: string[] = [];
  const rules: DraftRule[] = [];
  const put = (placed: Placed, own: readonly Edge[], remarks: readonly string[] = []): void => {
    rules.push(
      ruleOf(placed, l7 ? own : own.map((edge) => ({ ...edge, requests: [] })), remarks, direction, workload, lookup),
    );
  };
  const own = edges.filter((each) => each.direction === direction);
  const { open, rest } = publishedEdges(workload, own, lookup, notes);
  for (const { placed, of } of open) put(placed, of);

  for (const group of grouped(rest, ({ peer }) => (peer.type === 'workload' ? keyOf(peer.workload) : null))) {
    const [{ peer } = { peer: null }] = group;
    if (peer?.type !== 'workload') continue;
    const named = lookup.named(peer.workload);
    if (named.type === 'unnamed') {
      blocked.push(
        `${direction === 'egress' ? 'it calls' : 'it is called by'} ${nameOf(peer.workload)}, which no rule can name: ${named.reason}`,
      );
      continue;
    }
    const wide =
      named.also.length === 0 ? [] : [`no label tells it from ${named.also.join(', ')}, which may do the same`];
    for (const each of wide) notes.push(`${nameOf(peer.workload)}: ${each}`);
    put(
      {
        peer: { type: 'workload', namespace: peer.workload.namespace, selector: named.selector },
        remarks: [nameOf(peer.workload), ...wide],
      },
      group,
    );
  }
  const ipsOf = (all: readonly Edge[]): string[] => [
    ...new Set(all.flatMap(({ peer }) => (peer.type === 'workload' ? [] : [peer.ip]))),
  ];
  const nodes = rest.filter(({ peer }) => peer.type === 'node');
  if (nodes.length > 0) {
    put(nodesPeer(lookup.cluster, ipsOf(nodes)), nodes);
    if (!lookup.identities)
      notes.push(`${direction}: nodes stand by their addresses, so one that joins later is not let through`);
  }
  const api = rest.filter(({ peer }) => peer.type === 'api-server');
  if (api.length > 0) put(apiServerPeer(lookup.cluster, ipsOf(api)), api);
  for (const { placed, of } of addressRules(rest.filter(isAddress), external, direction, notes)) put(placed, of);
  return { rules: rules.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1)), notes, blocked };
}

/** Clients of a Service that lets the world in: those that come next are as welcome as those that were seen. */
function publishedEdges(
  workload: Workload,
  edges: readonly Edge[],
  { cluster, published, identities }: Lookup,
  notes: string[],
) {
  const open: { placed: Placed; of: readonly Edge[] }[] = [];
  const taken = new Set<Edge>();
  const clients = edges.filter(({ peer, direction }) => direction === 'ingress' && peer.type === 'address');
  for (const group of grouped(clients, (edge) => `${edge.protocol} ${edge.port}`)) {
    const [first] = group;
    const services = first === undefined ? [] : published(workload, first);
    if (first === undefined || services.length === 0) continue;
    const families = new Set(group.flatMap(({ peer }) => (peer.type === 'address' ? [familyOf(peer.ip)] : [])));
    // A node's address stands for whoever came in through another node.
    const throughNodes = edges.filter(
      ({ peer, port, protocol }) => peer.type === 'node' && port === first.port && protocol === first.protocol,
    );
    const placed = publishedPeer(services, cluster, families, throughNodes.length > 0, identities);
    if (placed === null) {
      notes.push(
        `port ${first.port} is open to everybody by a Service, but only the seen clients are let in: the networks of pods are not known (podCIDRs)`,
      );
      continue;
    }
    const limited = placed.peer.type === 'published' && !placed.peer.everyone;
    notes.push(
      `port ${first.port}/${first.protocol}: ${placed.remarks.join('; ')}, so clients that were not seen are let in too`,
    );
    open.push({ placed, of: limited ? group : [...group, ...throughNodes] });
    for (const edge of limited ? group : [...group, ...throughNodes]) taken.add(edge);
  }
  return { open, rest: edges.filter((edge) => !taken.has(edge)) };
}

function isAddress(edge: Edge): edge is AddressEdge {
  return edge.peer.type === 'address';
}

/** Addresses with the same ports share a rule; special ones stand alone. */
function addressRules(
  edges: readonly AddressEdge[],
  external: External,
  direction: Edge['direction'],
  notes: string[],
) {
  const found: { placed: Placed; of: readonly Edge[] }[] = [];
  const byIp = Map.groupBy(edges, ({ peer }) => peer.ip);
  const left = new Map(byIp);
  if (external === 'fqdn' && direction === 'egress') {
    const names = new Set(edges.filter(({ peer }) => !isSpecial(peer.ip)).flatMap(({ peer }) => peer.names ?? []));
    for (const name of names) {
      const own = edges.filter(({ peer }) => peer.names?.includes(name) === true && !isSpecial(peer.ip));
      found.push({
        placed: namePeer(
          name,
          own.map(({ peer }) => peer.ip),
        ),
        of: own,
      });
      for (const { peer } of own) left.delete(peer.ip);
    }
  }
  const portsOf = (all: readonly Edge[]): string =>
    all
      .map(({ protocol, port, icmpType }) => `${protocol} ${port} ${icmpType}`)
      .toSorted()
      .join();
  for (const [ip, own] of left) if (isSpecial(ip)) found.push({ placed: addressPeer(ip, namesOf(own)), of: own });
  const plain = [...left].filter(([ip]) => !isSpecial(ip));
  for (const group of Map.groupBy(plain, ([, own]) => portsOf(own)).values()) {
    const ips = group.map(([ip]) => ip);
    const of = group.flatMap(([, own]) => own);
    const wide = external === 'aggregate' ? aggregated(ips) : [];
    for (const { network, of: inside } of wide.filter((each) => each.of.length > 1))
      notes.push(`${network} stands for ${inside.length} addresses that were seen in it (--external aggregate)`);
    const [first] = ips.length === 0 ? [] : [addressPeer(ips[0] ?? '', [])];
    if (first === undefined) continue;
    const networks =
      external === 'aggregate'
        ? wide.map(({ network }) => network)
        : ips.flatMap((ip) => networksOf(addressPeer(ip, [])));
    found.push({
      placed: { peer: { type: 'networks', networks: networks.toSorted() }, remarks: namesRemark(namesOf(of)) },
      of,
    });
  }
  return found;
}

function networksOf({ peer }: Placed): readonly string[] {
  return 'networks' in peer ? peer.networks : [];
}

function namesOf(edges: readonly AddressEdge[]): string[] {
  return [...new Set(edges.flatMap(({ peer }) => peer.names ?? []))].toSorted();
}

function ruleOf(
  { peer, remarks }: Placed,
  edges: readonly Edge[],
  more: readonly string[],
  direction: Edge['direction'],
  workload: Workload,
  lookup: Lookup,
): DraftRule {
  const [first] = edges;
  const evidence = edges.map((edge) => edge.evidence).reduce(sum);
  const services = [...new Set(edges.flatMap((edge) => edge.services))].toSorted();
  const target = direction === 'ingress' ? workload : first?.peer.type === 'workload' ? first.peer.workload : null;
  const told = edges.every((edge) => edge.told) ? ['seen from the other end alone'] : [];
  return {
    peer,
    ports: portsOf(edges, target === null ? [] : (lookup.podsOf.get(keyOf(target)) ?? [])),
    evidence,
    remarks: [
      ...remarks,
      ...(services.length === 0 ? [] : [`dialled as Service ${services.join(', ')}`]),
      ...told,
      ...more,
    ],
  };
}

function portsOf(edges: readonly Edge[], pods: readonly ClusterPod[]): DraftPort[] {
  const ports = new Map<string, DraftPort>();
  const put = (port: DraftPort): void => {
    ports.set(`${port.protocol} ${port.port} ${port.icmpType}`, port);
  };
  for (const [first, ...more] of Map.groupBy(
    edges,
    (each) => `${each.protocol} ${each.port} ${each.icmpType}`,
  ).values()) {
    if (first === undefined) continue;
    const { protocol, port, icmpType } = first;
    const upper = protocol === 'icmpv6' ? 'ICMPv6' : (protocol.toUpperCase() as DraftPort['protocol']);
    const named = port === null ? null : (nameOfPort(port, upper, pods) ?? port);
    const of = [first, ...more];
    // One peer of the rule whose requests nobody saw, and the connection decides for all.
    const requests = of.every((edge) => edge.requests.length > 0) ? { requests: requestsOf(of) } : {};
    put({ protocol: upper, port: named, icmpType, ...requests });
    // A resolver repeats over TCP what is too long for UDP; one of the two is never enough.
    if (port === 53 && (protocol === 'udp' || protocol === 'tcp'))
      put({ protocol: protocol === 'udp' ? 'TCP' : 'UDP', port, icmpType: null });
  }
  return [...ports.values()].toSorted(comparePorts);
}

/** Where pods of one workload have the same port name at different numbers, only the name holds for all. */
function nameOfPort(port: number, protocol: string, pods: readonly ClusterPod[]): string | null {
  for (const { ports } of pods) {
    const own = ports.find(
      (each) => each.containerPort === port && each.protocol === protocol && each.name !== undefined,
    );
    if (own?.name === undefined) continue;
    const numbers = pods.map(
      (pod) => pod.ports.find((each) => each.name === own.name && each.protocol === protocol)?.containerPort,
    );
    if (new Set(numbers).size > 1 && numbers.every((number) => number !== undefined)) return own.name;
  }
  return null;
}

function comparePorts(a: DraftPort, b: DraftPort): number {
  const number = ({ port }: DraftPort): number => (typeof port === 'number' ? port : -1);
  if (number(a) !== number(b)) return number(a) - number(b);
  const text = (each: DraftPort): string => `${each.port} ${each.protocol} ${each.icmpType}`;
  return text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0;
}

/** Workloads by namespace and labels first, then what is no pod. */
function orderOf({ peer, ports }: DraftRule): string {
  const rank = peer.type === 'workload' ? `0 ${peer.namespace}` : `1 ${peer.type}`;
  return JSON.stringify([rank, peer, ports]);
}

function nameOf({ kind, namespace, name }: Workload): string {
  return `${kind} ${namespace}/${name}`;
}

function grouped<T>(items: readonly T[], key: (item: T) => string | null): T[][] {
  return [...Map.groupBy(items, key)].flatMap(([name, group]) => (name === null ? [] : [group]));
}
