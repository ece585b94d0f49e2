/** A server's arrivals → its clients, each with all that was seen of it, and what a reader must know of the rest. */
import type { ClusterPod } from '#kubernetes/cluster.ts';
import { type Arrival, arrivalKey, type Server } from './arrivals.ts';
import type { Client, Clients } from './clients.ts';

type Nameable = Exclude<Client, { type: 'nobody' }>;

export interface Caller {
  readonly client: Nameable;
  readonly arrivals: readonly Arrival[];
  /** Who that is, and what is wider than what was seen. */
  readonly remarks: readonly string[];
}

export interface Callers {
  /** Sorted: accounts, identities, addresses. */
  readonly callers: readonly Caller[];
  readonly notes: readonly string[];
  /** Clients whom no rule can name, as sentences: a policy that is enforced refuses them. */
  readonly nameless: readonly string[];
  /** `arrivalKey` of theirs: what the notes name, the replay passes over. */
  readonly unsayable: readonly string[];
  /** Every client proved to the mesh who it was. */
  readonly mutualTls: boolean;
}

/** `pods` are the server's own in the cluster; `proxyPorts` those of the mesh's proxy, behind which the port is not told. */
export function callersOf(
  server: Server,
  clients: Clients,
  pods: readonly ClusterPod[],
  proxyPorts: readonly number[],
): Callers {
  const probed = new Set(pods.flatMap((pod) => (pod.probes ?? []).map(({ port }) => port)));
  const isProbe = ({ ownNode, port }: Arrival): boolean => ownNode && probed.has(port);
  const arrivals = server.arrivals.filter((each) => !isProbe(each) && !proxyPorts.includes(each.port));
  const found = new Map<string, { client: Nameable; arrivals: Arrival[]; remarks: string[] }>();
  const nameless = new Set<string>();
  const unsayable = new Set<string>();
  for (const arrival of arrivals)
    for (const client of clients.of(server.workload, arrival)) {
      if (client.type === 'nobody') {
        nameless.add(`${client.reason}; seen at ${arrival.port}`);
        unsayable.add(arrivalKey(arrival));
        continue;
      }
      const known = found.get(keyOf(client)) ?? { client, arrivals: [], remarks: [] };
      known.arrivals.push(arrival);
      known.remarks.push(...client.remarks);
      found.set(keyOf(client), known);
    }
  return {
    callers: [...found]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { client, arrivals: own, remarks }]) => ({ client, arrivals: own, remarks: [...new Set(remarks)] })),
    notes: [...ownNotes(server, isProbe, proxyPorts), ...[...nameless].toSorted().map(refused)],
    nameless: [...nameless].toSorted(),
    unsayable: [...unsayable],
    mutualTls:
      arrivals.length > 0 && arrivals.every(({ identities, anonymous }) => identities.length > 0 && !anonymous),
  };
}

function ownNotes(server: Server, isProbe: (arrival: Arrival) => boolean, proxyPorts: readonly number[]): string[] {
  const probes = [...new Set(server.arrivals.filter(isProbe).map(({ port }) => port))];
  const behind = server.arrivals.filter(({ port }) => proxyPorts.includes(port));
  return [
    ...(probes.length > 0 ? [`kubelet's probes of ${probes.join(', ')} need no rule: the mesh lets them by`] : []),
    ...(behind.length > 0
      ? [`${behind.length} clients came to the proxy's own ports; for which port behind it, their own end alone tells`]
      : []),
    ...server.unresolved.map((each) => refused(`nobody could name the client ${each}`)),
  ];
}

function refused(what: string): string {
  return `not written and refused when enforced: ${what}`;
}

function keyOf(client: Nameable): string {
  switch (client.type) {
    case 'account':
      return `0 ${client.account.namespace}/${client.account.name}`;
    case 'identity':
      return `1 ${client.identity}`;
    case 'addresses':
      return `2 ${JSON.stringify([client.networks, client.except])}`;
  }
}
