/**
 * Whose an address is, as the API server knows it now. Services are looked through: what was dialled is one thing,
 * the pod that answered another, and policies see the pod.
 */
import { type Address, contains, parseAddress, parseNetwork } from './addresses.ts';
import type { Cluster, ClusterPod, Service, ServicePort } from './cluster.ts';
import { selects } from './selectors.ts';
import type { Workload } from './workload.ts';

export type Owner =
  | { readonly type: 'pod'; readonly pod: ClusterPod }
  | { readonly type: 'node'; readonly node: string }
  | { readonly type: 'api-server' }
  | { readonly type: 'service'; readonly service: Service }
  /** An address of the cluster's own networks that nobody has. */
  | { readonly type: 'nobody' }
  | { readonly type: 'outside' };

/** Where a Service leads from one of its ports: null when that is not one workload, or not known. */
export interface Behind {
  readonly workload: Workload;
  readonly port: number;
}

export interface Whose {
  owner(ip: string): Owner;
  /** Whether that is where the API server answers: it often lives on a node, beside other things. */
  isApiServer(ip: string, port: number | null): boolean;
  behind(service: Service, port: number, protocol: string): Behind | null;
}

export function whoseIn(cluster: Cluster): Whose {
  const owners = new Map<string, Owner>();
  const put = (ips: readonly string[], owner: Owner): void => {
    for (const ip of ips) {
      const address = parseAddress(ip);
      if (address !== null && !owners.has(keyOf(address))) owners.set(keyOf(address), owner);
    }
  };
  for (const node of cluster.nodes) put(node.ips, { type: 'node', node: node.name });
  for (const pod of cluster.pods) {
    if (!pod.hostNetwork) put(pod.ips, { type: 'pod', pod });
    else if (pod.node !== null) put(pod.ips, { type: 'node', node: pod.node });
  }
  put(cluster.apiServerIPs ?? [], { type: 'api-server' });
  const api = cluster.services.find(({ namespace, name }) => namespace === 'default' && name === 'kubernetes');
  const apiPorts = api?.ports.map(({ targetPort }) => targetPort) ?? [443, 6443];
  for (const service of cluster.services) put(service.clusterIPs, { type: 'service', service });
  const podNetworks = [...(cluster.podCIDRs ?? []), ...cluster.nodes.flatMap(({ podCIDRs }) => podCIDRs ?? [])].flatMap(
    (text) => parseNetwork(text) ?? [],
  );
  const known = new Map<string, Owner>();

  function ownerOf(ip: string): Owner {
    const address = parseAddress(ip);
    if (address === null) return { type: 'nobody' };
    const found = owners.get(keyOf(address));
    if (found !== undefined) return found;
    return { type: podNetworks.some((range) => contains(range, address)) ? 'nobody' : 'outside' };
  }

  return {
    owner(ip) {
      const found = known.get(ip) ?? ownerOf(ip);
      known.set(ip, found);
      return found;
    },
    isApiServer: (ip, port) => port !== null && apiPorts.includes(port) && cluster.apiServerIPs?.includes(ip) === true,
    behind(service, port, protocol) {
      const { selector, namespace } = service;
      const at = service.ports.find((each) => each.port === port && each.protocol === protocol);
      if (selector === null || at === undefined) return null;
      const pods = cluster.pods.filter(
        (pod) => pod.namespace === namespace && selects({ matchLabels: selector }, pod.labels),
      );
      const targets = new Map(pods.flatMap((pod) => targetOf(pod, at)).map((each) => [JSON.stringify(each), each]));
      const [only, ...others] = targets.values();
      return only === undefined || others.length > 0 ? null : only;
    },
  };
}

function targetOf({ workload, ports }: ClusterPod, { targetPort, protocol }: ServicePort): Behind[] {
  if (typeof targetPort === 'number') return [{ workload, port: targetPort }];
  const named = ports.find((each) => each.name === targetPort && each.protocol === protocol);
  return named === undefined ? [] : [{ workload, port: named.containerPort }];
}

function keyOf({ words }: Address): string {
  return words.join(':');
}
