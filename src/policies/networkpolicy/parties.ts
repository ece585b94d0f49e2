/** Who may take part in a connection: workloads, nodes, and what policies tell apart outside of the cluster. */
import { type Address, addressText } from '#kubernetes/addresses.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import { representatives } from '#kubernetes/representatives.ts';
import { documented, strangers } from '../strangers.ts';
import type { EndpointName } from './judge/endpoint.ts';
import type { Judge } from './judge/judge.ts';
import { landmarksOf } from './judge/landmarks.ts';

export interface Party {
  readonly type: 'workload' | 'node' | 'outside';
  /** `Deployment shop/web`, `node worker-1`, `198.51.100.0/24`. */
  readonly label: string;
  /** One for each that policies may tell apart. */
  readonly ends: readonly EndpointName[];
}

export function parties(judges: readonly Judge[], cluster: Cluster): Party[] {
  return [...workloads(cluster), ...nodes(cluster), ...outside(judges)];
}

function workloads({ pods }: Cluster): Party[] {
  const own = Map.groupBy(
    pods.filter(({ hostNetwork }) => !hostNetwork),
    ({ workload: { namespace, kind, name } }) => `${kind} ${namespace}/${name}`,
  );
  return [...own]
    .map(
      ([label, all]): Party => ({
        type: 'workload',
        label,
        ends: representatives(all).map(({ namespace, name }) => ({ pod: `${namespace}/${name}` })),
      }),
    )
    .toSorted(byLabel);
}

/** With all that has a node's own network. */
function nodes(cluster: Cluster): Party[] {
  return cluster.nodes
    .map(({ name, ips }): Party => ({ type: 'node', label: `node ${name}`, ends: ips.map((ip) => ({ ip })) }))
    .toSorted(byLabel);
}

/** For each network that a policy names an address in it and in none that lies within, for each name one of that name. */
function outside(judges: readonly Judge[]): Party[] {
  const marks = judges.flatMap(({ policies }) =>
    policies.flatMap(({ source }) => (source ? [landmarksOf(source)] : [])),
  );
  const networks = marks.flatMap((each) => each.networks);
  const free = (address: Address): boolean =>
    judges.every(({ endpoints }) => endpoints.named({ ip: addressText(address) }).type === 'world');
  const found = strangers(networks, free).map(({ label, ip }): Party => ({ type: 'outside', label, ends: [{ ip }] }));
  for (const name of new Set(marks.flatMap(({ names }) => [...names]))) {
    // One that the pattern matches; nobody else's address.
    const example = name.replaceAll('**.', 'a.b.').replaceAll('*', 'a');
    found.push({ type: 'outside', label: `name ${name}`, ends: [{ ip: documented[0], names: [example] }] });
  }
  return found.toSorted(byLabel);
}

function byLabel(a: Party, b: Party): number {
  return a.label < b.label ? -1 : a.label > b.label ? 1 : 0;
}
