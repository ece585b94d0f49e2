/** Who may take part in a connection: workloads, nodes, and what policies tell apart outside of the cluster. */
import {
  type Address,
  addressText,
  contains,
  covers,
  following,
  lastOf,
  type Network,
  networkText,
  parseAddress,
} from '#kubernetes/addresses.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import { representatives } from '#kubernetes/representatives.ts';
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

/** Addresses that documentation keeps free (RFC 5737, RFC 3849): one of them is in no narrower network than the widest. */
const strangers = ['192.0.2.254', '198.51.100.254', '203.0.113.254', '2001:db8::fffe'];

/** For each network that a policy names an address in it and in none that lies within, for each name one of that name. */
function outside(judges: readonly Judge[]): Party[] {
  const marks = judges.flatMap(({ policies }) =>
    policies.flatMap(({ source }) => (source ? [landmarksOf(source)] : [])),
  );
  const networks = new Map(marks.flatMap((each) => each.networks).map((each) => [networkText(each), each]));
  const free = (address: Address): boolean =>
    judges.every(({ endpoints }) => endpoints.named({ ip: addressText(address) }).type === 'world');
  const found: Party[] = [];
  for (const [label, range] of networks) {
    const within = [...networks.values()].filter((each) => each !== range && covers(range, each));
    const address = addressesOf(range, within).find((each) => !within.some((one) => contains(one, each)) && free(each));
    if (address !== undefined) found.push({ type: 'outside', label, ends: [{ ip: addressText(address) }] });
  }
  for (const text of strangers) {
    const address = parseAddress(text);
    if (address === null || [...networks.values()].some((each) => contains(each, address)) || !free(address)) continue;
    const family = address.family === 4 ? 'IPv4' : 'IPv6';
    const label = `any other ${family} address`;
    if (!found.some((each) => each.label === label)) found.push({ type: 'outside', label, ends: [{ ip: text }] });
  }
  for (const name of new Set(marks.flatMap(({ names }) => [...names]))) {
    // One that the pattern matches; nobody else's address.
    const example = name.replaceAll('**.', 'a.b.').replaceAll('*', 'a');
    found.push({ type: 'outside', label: `name ${name}`, ends: [{ ip: strangers[0], names: [example] }] });
  }
  return found.toSorted(byLabel);
}

/** Where an address in none of the narrower networks would be: at the beginning, or behind one of them. */
function addressesOf(range: Network, within: readonly Network[]): Address[] {
  const behind = within.flatMap((each) => following(lastOf(each)) ?? []);
  const first = range.address;
  const next = following(first);
  return [first, ...(next === null ? [] : [next]), lastOf(range), ...behind].filter((each) => contains(range, each));
}

function byLabel(a: Party, b: Party): number {
  return a.label < b.label ? -1 : a.label > b.label ? 1 : 0;
}
