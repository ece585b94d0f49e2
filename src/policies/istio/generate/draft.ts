/** A server's arrivals → the rules of its policy, with what a reader must know. */
import { type Arrival, arrivalKey, type Server } from '#baseline/arrivals.ts';
import type { Client, Clients } from '#baseline/clients.ts';
import { type Evidence, firstOf, sum } from '#baseline/evidence.ts';
import { type Template, templates } from '#baseline/request-templates.ts';
import type { ClusterPod, Labels } from '#kubernetes/cluster.ts';
import type { Options } from '../options.ts';
import { proxyPorts } from '../signs.ts';
import { type Operation, operationsOf } from './requests.ts';

export interface Source {
  readonly principals?: readonly string[];
  readonly ipBlocks?: readonly string[];
  readonly notIpBlocks?: readonly string[];
}

export interface DraftRule {
  readonly source: Source;
  readonly operations: readonly Operation[];
  readonly comment: readonly string[];
  readonly evidence: Evidence;
  /** An account of the mesh, as against an address. */
  readonly inMesh: boolean;
  /** A pod was dialled, not a Service. */
  readonly direct: boolean;
}

export interface Draft {
  readonly server: Server;
  readonly name: string;
  readonly matchLabels: Labels;
  readonly rules: readonly DraftRule[];
  readonly notes: readonly string[];
  /** Arrivals whose calls without a request, or with one that has no words, are not spoken of. */
  readonly leftOut: ReadonlyMap<string, readonly Template[]>;
  /** Every client's identity was seen by the mesh. */
  readonly mutualTls: boolean;
}

/** Rules, or why no policy can be. */
export function rulesOf(
  server: Server,
  clients: Clients,
  options: Options,
  pods: readonly ClusterPod[],
): Pick<Draft, 'rules' | 'notes' | 'leftOut' | 'mutualTls'> | string {
  const notes: string[] = [];
  const probes = new Set(pods.flatMap((pod) => (pod.probes ?? []).map(({ port }) => port)));
  const isProbe = ({ ownNode, port }: Arrival): boolean => ownNode && probes.has(port);
  const behindDoor = server.arrivals.filter(({ port }) => proxyPorts.includes(port));
  const arrivals = server.arrivals.filter((each) => !isProbe(each) && !proxyPorts.includes(each.port));
  const probed = [...new Set(server.arrivals.filter(isProbe).map(({ port }) => port))];
  if (probed.length > 0) notes.push(`kubelet's probes of ${probed.join(', ')} need no rule: the mesh lets them by`);
  if (behindDoor.length > 0)
    notes.push(
      `${behindDoor.length} clients came to the proxy's own ports; for which port behind it, their own end alone tells`,
    );
  for (const each of server.unresolved)
    notes.push(`not written and refused when enforced, nobody could name the client: ${each}`);

  const leftOut = new Map<string, readonly Template[]>();
  const found = new Map<string, { client: Exclude<Client, { type: 'nobody' }>; arrivals: Arrival[] }>();
  const nameless = new Set<string>();
  for (const arrival of arrivals)
    for (const client of clients.of(server.workload, arrival)) {
      if (client.type === 'nobody') nameless.add(`${client.reason}; seen at ${arrival.port}`);
      else {
        const key = JSON.stringify(sourceOf(client, options));
        const known = found.get(key) ?? { client, arrivals: [] };
        found.set(key, { client: known.client, arrivals: [...known.arrivals, arrival] });
      }
    }
  for (const each of [...nameless].toSorted()) notes.push(`not written and refused when enforced: ${each}`);
  if (found.size === 0) return ['nobody was seen calling it whom a rule could name', ...notes].join('; ');

  const rules = [...found].flatMap(([, { client, arrivals: own }]): DraftRule[] => {
    const { operations, notes: more } = operationsFor(own, options, leftOut);
    notes.push(...more.map((note) => `${client.remarks[0] ?? ''}: ${note}`));
    if (operations.length === 0) return [];
    return [
      {
        source: sourceOf(client, options),
        operations,
        comment: [...new Set(own.flatMap((arrival) => remarksOf(clients, server, arrival, client, options)))],
        evidence: own.map(({ evidence }) => evidence).reduce(sum),
        inMesh: client.type !== 'addresses',
        direct: own.some(({ direct }) => direct),
      },
    ];
  });
  if (!options.l7 && arrivals.some(({ requests }) => requests.length > 0))
    notes.push('requests were seen; --l7 lets their methods and paths alone through');
  return {
    rules: rules.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1)),
    notes: [...new Set(notes)],
    leftOut,
    mutualTls:
      arrivals.length > 0 && arrivals.every(({ identities, anonymous }) => identities.length > 0 && !anonymous),
  };
}

/** Several workloads may have one account, and several addresses stand for the same nodes: all of them are named. */
function remarksOf(
  clients: Clients,
  server: Server,
  arrival: Arrival,
  client: Client,
  options: Options,
): readonly string[] {
  const key = client.type === 'nobody' ? '' : JSON.stringify(sourceOf(client, options));
  return clients
    .of(server.workload, arrival)
    .flatMap((each) => (each.type !== 'nobody' && JSON.stringify(sourceOf(each, options)) === key ? each.remarks : []));
}

/** Accounts first. */
function orderOf({ source }: DraftRule): string {
  return `${source.principals === undefined ? 1 : 0} ${JSON.stringify(source)}`;
}

function operationsFor(
  arrivals: readonly Arrival[],
  { l7 }: Options,
  leftOut: Map<string, readonly Template[]>,
): { operations: Operation[]; notes: string[] } {
  const notes: string[] = [];
  const speaking = l7 ? arrivals.filter(({ requests }) => requests.length > 0) : [];
  const spoken = new Set(speaking.map(({ port }) => port));
  const silent = [...new Set(arrivals.map(({ port }) => port))].filter((port) => !spoken.has(port));
  const operations: Operation[] = silent.length === 0 ? [] : [{ ports: silent.toSorted((a, b) => a - b).map(String) }];
  for (const [port, own] of Map.groupBy(speaking, (each) => each.port)) {
    const all = templates(own.flatMap(({ requests }) => requests));
    const said = operationsOf([String(port)], all);
    operations.push(...said.operations);
    for (const arrival of own) leftOut.set(arrivalKey(arrival), said.unsaid);
    if (said.unsaid.length > 0) {
      const words = said.unsaid.map(({ method, segments }) =>
        JSON.stringify(`${method} ${segments.map((each) => each ?? '*').join('/')}`),
      );
      notes.push(`not written and refused when enforced, Istio has no words for exactly ${firstOf(words)}`);
    }
  }
  return { operations, notes };
}

function sourceOf(client: Exclude<Client, { type: 'nobody' }>, { trustDomain }: Options): Source {
  switch (client.type) {
    case 'account':
      return { principals: [`${trustDomain}/ns/${client.account.namespace}/sa/${client.account.name}`] };
    case 'identity':
      return { principals: [client.identity.replace(/^spiffe:\/\//, '')] };
    case 'addresses':
      return client.except.length === 0
        ? { ipBlocks: client.networks }
        : { ipBlocks: client.networks, notIpBlocks: client.except };
  }
}
