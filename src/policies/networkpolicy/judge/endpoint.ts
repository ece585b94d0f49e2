/** The ends of a flow, resolved once: pods by their identity, nodes, the world, and what nobody can name. */
import { type Address, contains, parseAddress, parseNetwork } from '#kubernetes/addresses.ts';
import type { Cluster, ClusterPod, ContainerPort, Labels } from '#kubernetes/cluster.ts';
import { hintsOf } from './candidates.ts';

/** `{pod: 'ns/name'}`, or an address with the DNS names that were known for it when the flow happened. */
export interface EndpointName {
  readonly pod?: string | undefined;
  readonly ip?: string | undefined;
  readonly names?: readonly string[] | undefined;
}

/** What policies see of a pod besides its address. Pods of one workload share it. */
export interface Identity {
  /** Small and dense: selectors remember their answers by it. */
  readonly id: number;
  readonly namespace: string;
  readonly labels: Labels;
  readonly namespaceLabels: Labels;
  readonly serviceAccount: string | null;
  /** What tests that a pod can pass are found by. */
  readonly hints: readonly string[];
}

export type Endpoint =
  | {
      readonly type: 'pod';
      readonly name: string;
      readonly identity: Identity;
      readonly addresses: readonly Address[];
      readonly node: string | null;
      readonly ports: readonly ContainerPort[];
    }
  /** A node, and everything that has its network: pods with hostNetwork, the kubelet. */
  | {
      readonly type: 'node';
      readonly node: string | null;
      readonly labels: Labels;
      readonly addresses: readonly Address[];
      /** True for an address that every node has for itself: the node is the other end's own. */
      readonly everyNode?: boolean;
    }
  | { readonly type: 'world'; readonly addresses: readonly Address[]; readonly names: readonly string[] | null }
  | { readonly type: 'unresolved'; readonly addresses: readonly Address[]; readonly why: string };

export interface Endpoints {
  named(name: EndpointName): Endpoint;
  /** A node's own end, whether or not the cluster still knows it. */
  onNode(node: string, ip: string): Endpoint;
  /** A pod as it was described when it was watched. */
  recorded(pod: RecordedPod): Endpoint;
  readonly pods: readonly Extract<Endpoint, { type: 'pod' }>[];
}

export type RecordedPod = Pick<ClusterPod, 'namespace' | 'name' | 'labels' | 'node' | 'hostNetwork' | 'serviceAccount'>;

export function endpointsOf(cluster: Cluster): Endpoints {
  const identities = new Map<string, Identity>();
  const byName = new Map<string, Endpoint>();
  const byAddress = new Map<string, Endpoint>();
  const nodes = new Map(cluster.nodes.map((node) => [node.name, node]));
  const pods: Extract<Endpoint, { type: 'pod' }>[] = [];

  for (const { name, labels, ips } of cluster.nodes) {
    const node: Endpoint = { type: 'node', node: name, labels, addresses: addresses(ips) };
    for (const address of node.addresses) byAddress.set(keyOf(address), node);
  }
  for (const pod of cluster.pods) {
    const own = addresses(pod.ips);
    const host: Endpoint = {
      type: 'node',
      node: pod.node,
      labels: nodes.get(pod.node ?? '')?.labels ?? {},
      addresses: own,
    };
    const endpoint: Endpoint = pod.hostNetwork
      ? host
      : {
          type: 'pod',
          name: `${pod.namespace}/${pod.name}`,
          identity: identityOf(pod),
          addresses: own,
          node: pod.node,
          ports: pod.ports,
        };
    if (endpoint.type === 'pod') pods.push(endpoint);
    byName.set(`${pod.namespace}/${pod.name}`, endpoint);
    for (const address of own) if (!byAddress.has(keyOf(address))) byAddress.set(keyOf(address), endpoint);
  }

  function identityOf({ namespace, labels, serviceAccount }: RecordedPod): Identity {
    const key = JSON.stringify([
      namespace,
      serviceAccount,
      Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ]);
    const known = identities.get(key);
    if (known !== undefined) return known;
    const namespaceLabels = cluster.namespaces[namespace] ?? { 'kubernetes.io/metadata.name': namespace };
    const hints = hintsOf(namespace, labels);
    const made = { id: identities.size, namespace, labels, namespaceLabels, serviceAccount, hints };
    identities.set(key, made);
    return made;
  }

  const podNetworks = [...(cluster.podCIDRs ?? []), ...cluster.nodes.flatMap(({ podCIDRs }) => podCIDRs ?? [])].flatMap(
    (text) => parseNetwork(text) ?? [],
  );
  const services = new Map(
    cluster.services.flatMap(({ namespace, name, clusterIPs }) =>
      addresses(clusterIPs).map((address) => [keyOf(address), `${namespace}/${name}`] as const),
    ),
  );

  function atAddress(text: string, names: readonly string[] | undefined): Endpoint {
    const address = parseAddress(text);
    if (address === null) return { type: 'unresolved', addresses: [], why: `${text} is no address` };
    const key = keyOf(address);
    const known = byAddress.get(key);
    if (known !== undefined) return known.addresses.length === 1 ? known : { ...known, addresses: [address] };
    if (text === nodeLocalDns) return { type: 'node', node: null, labels: {}, addresses: [address], everyNode: true };
    const service = services.get(key);
    if (service !== undefined) {
      const why = `${text} is the address of Service ${service}: policies see the pod behind it`;
      return { type: 'unresolved', addresses: [address], why };
    }
    if (podNetworks.some((range) => contains(range, address)))
      return { type: 'unresolved', addresses: [address], why: `${text} is a pod's address, and no pod has it` };
    return { type: 'world', addresses: [address], names: names?.map(plainName) ?? null };
  }

  return {
    pods,
    onNode(node, ip) {
      const address = parseAddress(ip);
      return {
        type: 'node',
        node,
        labels: nodes.get(node)?.labels ?? {},
        addresses: address === null ? [] : [address],
      };
    },
    recorded(pod) {
      const { namespace, name, labels, node, hostNetwork } = pod;
      const now = byName.get(`${namespace}/${name}`);
      if (now !== undefined) return now;
      if (hostNetwork) return { type: 'node', node, labels: nodes.get(node ?? '')?.labels ?? {}, addresses: [] };
      // Named ports of a pod that is gone are those of its successors.
      const twin = pods.find(
        ({ identity }) => identity.namespace === namespace && sameButForVersions(identity.labels, labels),
      );
      return {
        type: 'pod',
        name: `${namespace}/${name}`,
        identity: identityOf(pod),
        addresses: [],
        node,
        ports: twin?.ports ?? [],
      };
    },
    named({ pod, ip, names }) {
      if (pod !== undefined)
        return byName.get(pod) ?? { type: 'unresolved', addresses: [], why: `there is no pod ${pod}` };
      return atAddress(ip ?? '', names);
    },
  };
}

function sameButForVersions(a: Labels, b: Labels): boolean {
  const stable = (labels: Labels): string =>
    JSON.stringify(
      Object.entries(labels)
        .filter(([key]) => !/hash|revision|pod-name|pod-index/.test(key))
        .toSorted(([x], [y]) => (x < y ? -1 : 1)),
    );
  return stable(a) === stable(b);
}

/** Where NodeLocal DNSCache answers on every node. */
const nodeLocalDns = '169.254.20.10';

/** Whether both ends are one pod, by whichever address. */
export function isSame(a: Endpoint, b: Endpoint): boolean {
  return a === b || (a.type === 'pod' && b.type === 'pod' && a.name === b.name);
}

/** Another pod of the same workload, at another address. */
export function replicaOf(pod: Extract<Endpoint, { type: 'pod' }>): Endpoint {
  return { ...pod, name: `${pod.name} (a replica)`, addresses: [] };
}

/** DNS names are compared without their case and last dot. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

function addresses(texts: readonly string[]): Address[] {
  return texts.flatMap((text) => parseAddress(text) ?? []);
}

function keyOf({ words }: Address): string {
  return words.length === 1 ? String(words[0]) : words.join(':');
}
