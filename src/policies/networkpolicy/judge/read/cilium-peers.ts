/** Whom a Cilium rule speaks of: endpoints, entities, CIDRs, names, nodes, services. */
import { type Address, type Network, parseAddress, parseNetwork, sameAddress, single } from '#kubernetes/addresses.ts';
import type { Labels, Service } from '#kubernetes/cluster.ts';
import { type LabelSelector, selects, selectorText } from '#kubernetes/selectors.ts';
import { hintOf } from '../candidates.ts';
import type { Endpoint } from '../endpoint.ts';
import { either, type Match, match, type PeerTest } from '../policy.ts';
import { inNetwork, pods } from '../tests.ts';
import { ciliumLabels } from './cilium-labels.ts';
import type { AllowRule, BlockSet } from './cilium-schema.ts';
import { nameMatcher } from './dns-names.ts';

export interface CiliumWorld {
  readonly clusterName: string;
  /** Null when nobody said where the API server answers. */
  readonly apiServer: readonly Address[] | null;
  /** CiliumCIDRGroup by name. */
  readonly groups: ReadonlyMap<string, { readonly labels: Labels; readonly networks: readonly Network[] }>;
  /** Null when services are not known. */
  readonly services: readonly Service[] | null;
}

/** Null where a rule names no peers at all; an empty list names nobody. */
export function peersOf(
  rule: AllowRule,
  direction: 'ingress' | 'egress',
  namespace: string | null,
  world: CiliumWorld,
): PeerTest[] | null {
  const ingress = direction === 'ingress';
  const lists: (readonly PeerTest[] | undefined)[] = [
    (ingress ? rule.fromEndpoints : rule.toEndpoints)?.map((each) => endpointTest(each, namespace, world)),
    (ingress ? rule.fromEntities : rule.toEntities)?.map((each) => entityTest(each, world)),
    (ingress ? rule.fromCIDR : rule.toCIDR)?.map((each) => blockTest(`CIDR ${each}`, [networkOf(each)], [])),
    (ingress ? rule.fromCIDRSet : rule.toCIDRSet)?.map((each) => blockSetTest(each, world)),
    (ingress ? rule.fromNodes : rule.toNodes)?.map(nodeTest),
    (ingress ? rule.fromGroups : rule.toGroups)?.map(groupTest),
    ingress
      ? undefined
      : rule.toFQDNs?.map((each) =>
          nameMatcher(each.matchName ?? each.matchPattern ?? '', each.matchName === undefined ? 'pattern' : 'exact'),
        ),
    ingress ? undefined : rule.toServices?.map((each) => serviceTest(each, world)),
  ];
  const given = lists.filter((list) => list !== undefined);
  return given.length === 0 ? null : given.flat();
}

/** Keys without the source that may stand before them. */
export function bare({ matchLabels, matchExpressions }: LabelSelector): LabelSelector {
  const plain = (key: string): string => key.replace(/^(k8s|any):/, '');
  return {
    matchLabels: Object.fromEntries(Object.entries(matchLabels ?? {}).map(([key, value]) => [plain(key), value])),
    matchExpressions: (matchExpressions ?? []).map((each) => ({ ...each, key: plain(each.key) })),
  };
}

/** Keys of a source that is no label of a pod: `reserved:host`. */
function bySource({ matchLabels, matchExpressions }: LabelSelector): boolean {
  const keys = [...Object.keys(matchLabels ?? {}), ...(matchExpressions ?? []).map(({ key }) => key)];
  return keys.some((key) => /^(?!k8s:|any:)[a-z0-9]+:/.test(key));
}

/** The policy's own namespace is implied, unless a label of namespaces is asked for. */
function endpointTest(selector: LabelSelector, namespace: string | null, world: CiliumWorld): PeerTest {
  const plain = bare(selector);
  const keys = [...Object.keys(plain.matchLabels ?? {}), ...(plain.matchExpressions ?? []).map(({ key }) => key)];
  const says = keys.some(
    (key) => key === 'io.kubernetes.pod.namespace' || key.startsWith('io.cilium.k8s.namespace.labels.'),
  );
  const label = `endpoints ${selectorText(plain)}`;
  if (bySource(selector)) return { label, matches: (endpoint) => (endpoint.type === 'pod' ? 'no' : 'maybe') };
  const test = pods(
    (identity) =>
      (says || namespace === null || identity.namespace === namespace) && selects(plain, ciliumLabels(identity, world)),
  );
  const named = plain.matchLabels?.['io.kubernetes.pod.namespace'] ?? (says ? null : namespace);
  return { label, hint: hintOf(named, plain), matches: test };
}

function entityTest(entity: string, world: CiliumWorld): PeerTest {
  return { label: `entity ${entity}`, matches: (peer, subject) => isEntity(entity, peer, subject, world) };
}

function isEntity(entity: string, peer: Endpoint, subject: Endpoint, world: CiliumWorld): Match {
  if (entity === 'all') return 'yes';
  if (peer.type === 'unresolved') return 'maybe';
  switch (entity) {
    case 'world':
      return match(peer.type === 'world');
    case 'world-ipv4':
    case 'world-ipv6':
      return match(peer.type === 'world' && peer.addresses.some(({ family }) => entity.endsWith(String(family))));
    case 'cluster':
      // An API server outside counts too, where somebody said which address it has.
      return match(peer.type !== 'world' || isApiServer(peer, world) === 'yes');
    case 'kube-apiserver':
      return isApiServer(peer, world);
    case 'host':
      return peer.type === 'node' ? sameNode(peer, subject) : 'no';
    case 'remote-node': {
      if (peer.type !== 'node') return 'no';
      const own = sameNode(peer, subject);
      return own === 'maybe' ? 'maybe' : match(own === 'no');
    }
    default:
      // health, ingress, init, unmanaged: states of an endpoint that no flow tells of; none is none.
      return entity === 'none' || peer.type === 'world'
        ? 'no'
        : entity === 'ingress' || peer.type === 'pod'
          ? 'no'
          : 'maybe';
  }
}

function sameNode(peer: Extract<Endpoint, { type: 'node' }>, subject: Endpoint): Match {
  if (peer.everyNode === true) return 'yes';
  const node = subject.type === 'pod' || subject.type === 'node' ? subject.node : null;
  return node === null || peer.node === null ? 'maybe' : match(node === peer.node);
}

function isApiServer(peer: Endpoint, { apiServer }: CiliumWorld): Match {
  if (peer.type === 'pod') return 'no';
  if (apiServer === null) return 'maybe';
  return match(peer.addresses.some((address) => apiServer.some((each) => sameAddress(each, address))));
}

/** Pods and nodes have identities of their own: addresses stand for the world. */
function blockTest(label: string, ranges: readonly Network[], except: readonly Network[]): PeerTest {
  return {
    label,
    matches(peer) {
      if (peer.type === 'unresolved') return 'maybe';
      if (peer.type !== 'world') return 'no';
      return ranges.map((range) => inNetwork(range, except, peer)).reduce(either, 'no');
    },
  };
}

function blockSetTest({ cidr, cidrGroupRef, cidrGroupSelector, except }: BlockSet, { groups }: CiliumWorld): PeerTest {
  const without = (except ?? []).map(networkOf);
  const tail = without.length === 0 ? '' : ` except ${(except ?? []).toSorted().join(',')}`;
  if (cidr !== undefined) return blockTest(`CIDR ${cidr}${tail}`, [networkOf(cidr)], without);
  if (cidrGroupRef !== undefined)
    return blockTest(`CIDR group ${cidrGroupRef}${tail}`, groups.get(cidrGroupRef)?.networks ?? [], without);
  const chosen = [...groups.values()].filter(({ labels }) => selects(bare(cidrGroupSelector ?? {}), labels));
  return blockTest(
    `CIDR groups ${selectorText(cidrGroupSelector ?? {})}${tail}`,
    chosen.flatMap(({ networks }) => networks),
    without,
  );
}

export function networkOf(text: string): Network {
  const address = parseAddress(text);
  const range = address === null ? parseNetwork(text) : single(address);
  if (range === null) throw new Error(`${text} passed the schema and is no network`);
  return range;
}

function nodeTest(selector: LabelSelector): PeerTest {
  const plain = bare(selector);
  return {
    label: `nodes ${selectorText(plain)}`,
    matches: (peer) =>
      peer.type === 'node' ? match(selects(plain, peer.labels)) : peer.type === 'unresolved' ? 'maybe' : 'no',
  };
}

/** Groups of a cloud provider: their addresses are the provider's to know. */
function groupTest(group: object): PeerTest {
  return {
    label: `group ${JSON.stringify(group)}`,
    matches: (peer) => (peer.type === 'world' || peer.type === 'unresolved' ? 'maybe' : 'no'),
  };
}

function serviceTest(
  { k8sService, k8sServiceSelector }: NonNullable<AllowRule['toServices']>[number],
  { services }: CiliumWorld,
): PeerTest {
  const label = `service ${k8sService?.namespace ?? ''}/${k8sService?.serviceName ?? JSON.stringify(k8sServiceSelector)}`;
  if (services === null || k8sService === undefined) return { label, matches: () => 'maybe' };
  const found = services.find(
    ({ name, namespace }) => name === k8sService.serviceName && namespace === (k8sService.namespace ?? 'default'),
  );
  if (found === undefined) return { label, matches: (peer) => (peer.type === 'unresolved' ? 'maybe' : 'no') };
  const backends = (found.endpoints ?? []).flatMap((text) => parseAddress(text) ?? []);
  const { selector } = found;
  const chosen =
    selector === null
      ? null
      : pods(({ namespace, labels }) => namespace === found.namespace && selects({ matchLabels: selector }, labels));
  return {
    label,
    matches(peer) {
      if (chosen !== null) return chosen(peer);
      return match(peer.addresses.some((address) => backends.some((each) => sameAddress(each, address))));
    },
  };
}
