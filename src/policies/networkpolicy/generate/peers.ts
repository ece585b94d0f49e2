/** Edges → peers of rules: the named cases of notes on what an address stands for. */
import { firstOf } from '#baseline/evidence.ts';
import {
  compareNetworks,
  network,
  networkText,
  type Network,
  parseAddress,
  parseNetwork,
  single,
  sizeOf,
} from '#kubernetes/addresses.ts';
import type { Cluster, Service } from '#kubernetes/cluster.ts';
import type { DraftPeer } from './draft.ts';

const metadataService = '169.254.169.254';
const nodeLocalDns = '169.254.20.10';

/** From so many addresses on, `aggregate` takes the network around them instead. */
const aggregateFrom = 8;
const aggregateBits: Readonly<Record<4 | 6, number>> = { 4: 24, 6: 64 };

/** Remarks are for the rule's comment, widenings for the reader of the whole. */
export interface Placed {
  readonly peer: DraftPeer;
  readonly remarks: readonly string[];
}

export function nodesPeer({ nodes }: Cluster, seen: readonly string[]): Placed {
  const ips = new Set([...nodes.flatMap((node) => node.ips), ...seen]);
  return {
    peer: { type: 'nodes', networks: singles([...ips]) },
    remarks: [`nodes and what has their network; seen from ${firstOf([...new Set(seen)].toSorted())}`],
  };
}

export function apiServerPeer({ apiServerIPs }: Cluster, seen: readonly string[]): Placed {
  return {
    peer: { type: 'api-server', networks: singles([...new Set([...(apiServerIPs ?? []), ...seen])]) },
    remarks: ['the API server'],
  };
}

/** One address of the world, or of the link. */
export function addressPeer(ip: string, names: readonly string[]): Placed {
  if (ip === nodeLocalDns)
    return { peer: { type: 'node-dns', networks: singles([ip]) }, remarks: ['NodeLocal DNSCache'] };
  const remarks =
    ip === metadataService ? ["the cloud's metadata service: credentials of the node may be had here"] : [];
  return { peer: { type: 'networks', networks: singles([ip]) }, remarks: [...remarks, ...namesRemark(names)] };
}

export function namesRemark(names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`known as ${firstOf(names)}`];
}

export function namePeer(name: string, ips: readonly string[]): Placed {
  return { peer: { type: 'name', name, networks: singles(ips) }, remarks: [`answered by ${firstOf(singles(ips))}`] };
}

export function isSpecial(ip: string): boolean {
  return ip === metadataService || ip === nodeLocalDns;
}

/** Addresses in networks, the larger ones where many lie close to each other. */
export function aggregated(ips: readonly string[]): { readonly network: string; readonly of: readonly string[] }[] {
  const groups = Map.groupBy(ips, (ip) => around(ip));
  return [...groups].flatMap(([wide, own]) =>
    own.length >= aggregateFrom
      ? [{ network: wide, of: own }]
      : own.map((ip) => ({ network: singles([ip])[0] ?? ip, of: [ip] })),
  );
}

function around(ip: string): string {
  const address = parseAddress(ip);
  return address === null ? ip : networkText(network(address, aggregateBits[address.family]));
}

/** In the order of addresses, without repeats. */
export function singles(ips: readonly string[]): string[] {
  return sortedNetworks(ips.flatMap((ip) => parseAddress(ip) ?? []).map(single));
}

export function sortedNetworks(networks: readonly Network[]): string[] {
  return [...new Set(networks.toSorted(compareNetworks).map(networkText))];
}

/**
 * Null when the pods' own networks are not known: to a rule about addresses, everybody would be every pod too.
 * `families`: of the clients that were seen. `identities`: the world is a peer of its own, which no pod is part of.
 */
export function publishedPeer(
  services: readonly Service[],
  cluster: Cluster,
  families: ReadonlySet<number>,
  throughNodes: boolean,
  identities: boolean,
): Placed | null {
  const ranges = services
    .flatMap(({ loadBalancerSourceRanges }) => loadBalancerSourceRanges ?? [])
    .flatMap((text) => parseNetwork(text) ?? []);
  const pods = [...(cluster.podCIDRs ?? []), ...cluster.nodes.flatMap(({ podCIDRs }) => podCIDRs ?? [])].flatMap(
    (text) => parseNetwork(text) ?? [],
  );
  const everyone = [...families].map(
    (family): Network => ({
      address: { family: family === 4 ? 4 : 6, words: family === 4 ? [0] : [0, 0, 0, 0] },
      bits: 0,
    }),
  );
  const known = new Set(pods.map(({ address }) => address.family));
  const limited = services.every(({ loadBalancerSourceRanges }) => (loadBalancerSourceRanges ?? []).length > 0);
  if (!limited && !identities && everyone.some(({ address }) => !known.has(address.family))) return null;
  const names = services
    .map(({ namespace, name, type }) => `${type} ${namespace}/${name}`)
    .toSorted()
    .join(', ');
  return {
    peer: {
      type: 'published',
      everyone: !limited,
      networks: sortedNetworks(limited ? ranges : everyone),
      except: limited ? [] : widest(pods),
      throughNodes,
    },
    remarks: [limited ? `${names} lets these in` : `${names} lets everybody in`],
  };
}

/** Networks without those that lie in another of them. */
function widest(networks: readonly Network[]): string[] {
  const ordered = networks.toSorted((a, b) => a.bits - b.bits);
  const kept = ordered.filter(
    (each, at) =>
      !ordered
        .slice(0, at)
        .some((wide) => wide.bits <= each.bits && networkText(network(each.address, wide.bits)) === networkText(wide)),
  );
  return sortedNetworks(kept);
}

export function familyOf(ip: string): number {
  const address = parseAddress(ip);
  return address === null ? 4 : sizeOf(address) === 32 ? 4 : 6;
}
