/** Services, their endpoints and nodes as the API server sends them → what naming an address needs. */
import { json, labels, list, text, texts, time, whole } from './json.ts';

export interface ServiceState {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly created: number;
  /** All at which it is dialled: cluster's, external, load balancer's. */
  readonly ips: readonly string[];
  readonly ports: readonly {
    /** Empty where the only port has none. */
    readonly name: string;
    readonly port: number;
    readonly protocol: string;
    readonly nodePort: number | null;
  }[];
}

/** One EndpointSlice. */
export interface EndpointsState {
  readonly uid: string;
  readonly namespace: string;
  readonly service: string;
  readonly ips: readonly string[];
  readonly ports: readonly { readonly name: string; readonly port: number | null; readonly protocol: string }[];
}

export interface NodeState {
  readonly uid: string;
  readonly name: string;
  readonly created: number;
  readonly ips: readonly string[];
  readonly podCidrs: readonly string[];
}

export function serviceState(object: unknown): ServiceState | null {
  const { metadata, spec, status } = json(object);
  const found = identity(metadata);
  if (found === null) return null;
  const wanted = json(spec);
  const balancer = list(json(json(status)['loadBalancer'])['ingress']).map((each) => text(json(each)['ip']));
  const ips = [text(wanted['clusterIP']), ...texts(wanted['clusterIPs']), ...texts(wanted['externalIPs']), ...balancer];
  return {
    ...found,
    ips: [...new Set(ips.filter((ip) => ip !== null && ip !== 'None'))] as string[],
    ports: list(wanted['ports']).flatMap((each) => {
      const { name, port, nodePort, protocol } = json(each);
      const number = whole(port);
      return number === null
        ? []
        : [{ name: text(name) ?? '', port: number, protocol: protocolOf(protocol), nodePort: whole(nodePort) }];
    }),
  };
}

export function endpointsState(object: unknown): EndpointsState | null {
  const { metadata, endpoints, ports, addressType } = json(object);
  const found = identity(metadata);
  const service = labels(json(metadata)['labels'])['kubernetes.io/service-name'];
  if (found === null || service === undefined || addressType === 'FQDN') return null;
  return {
    uid: found.uid,
    namespace: found.namespace,
    service,
    // Whether ready or not: a call may have gone there a moment ago.
    ips: list(endpoints).flatMap((each) => texts(json(each)['addresses'])),
    ports: list(ports).map((each) => {
      const { name, port, protocol } = json(each);
      return { name: text(name) ?? '', port: whole(port), protocol: protocolOf(protocol) };
    }),
  };
}

/** Where network plugins note addresses that a node has besides its own: tunnels and gateways of its pods' network. */
const addressAnnotations = [
  'projectcalico.org/IPv4Address',
  'projectcalico.org/IPv6Address',
  'projectcalico.org/IPv4IPIPTunnelAddr',
  'projectcalico.org/IPv4VXLANTunnelAddr',
  'projectcalico.org/IPv4WireguardInterfaceAddr',
  'network.cilium.io/ipv4-cilium-host',
  'network.cilium.io/ipv6-cilium-host',
  'flannel.alpha.coreos.com/public-ip',
];

export function nodeState(object: unknown): NodeState | null {
  const { metadata, spec, status } = json(object);
  const meta = json(metadata);
  const [name, uid] = [text(meta['name']), text(meta['uid'])];
  if (name === null || uid === null) return null;
  const own = list(json(status)['addresses']).flatMap((each) => {
    const { type, address } = json(each);
    return type === 'InternalIP' || type === 'ExternalIP' ? (text(address) ?? []) : [];
  });
  const noted = addressAnnotations.flatMap((key) => text(json(meta['annotations'])[key])?.split('/')[0] ?? []);
  const { podCIDR, podCIDRs } = json(spec);
  return {
    uid,
    name,
    created: time(meta['creationTimestamp']) ?? 0,
    ips: [...new Set([...own, ...noted])],
    podCidrs: [...new Set([...texts(podCIDRs), ...texts([podCIDR])])],
  };
}

function identity(metadata: unknown): Pick<ServiceState, 'uid' | 'namespace' | 'name' | 'created'> | null {
  const meta = json(metadata);
  const [namespace, name, uid] = [text(meta['namespace']), text(meta['name']), text(meta['uid'])];
  if (namespace === null || name === null || uid === null) return null;
  return { namespace, name, uid, created: time(meta['creationTimestamp']) ?? 0 };
}

/** In the words of observations; TCP where the object says nothing. */
function protocolOf(value: unknown): string {
  return (text(value) ?? 'TCP').toLowerCase();
}
