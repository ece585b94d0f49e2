/** Tests of peers and ports that the policy kinds are put together from. */
import { type Address, contains, type Network } from '#kubernetes/addresses.ts';
import type { Labels } from '#kubernetes/cluster.ts';
import { type LabelSelector, selects } from '#kubernetes/selectors.ts';
import type { Endpoint, Identity } from './endpoint.ts';
import { type Flow, type Match, match, type PortTest, type Protocol } from './policy.ts';

/** The same answer again for pods of one identity. */
export function remembered(test: (identity: Identity) => boolean): (identity: Identity) => boolean {
  const known: (boolean | undefined)[] = [];
  return (identity) => (known[identity.id] ??= test(identity));
}

/** Pods alone. An address that nobody can name may be one of them. */
export function pods(test: (identity: Identity) => boolean): (endpoint: Endpoint) => Match {
  const known = remembered(test);
  return (endpoint) => {
    if (endpoint.type === 'pod') return match(known(endpoint.identity));
    return endpoint.type === 'unresolved' ? 'maybe' : 'no';
  };
}

/** A namespaceSelector (null: the policy's own namespace) and a podSelector together. */
export function podsSelected(
  ownNamespace: string | null,
  namespaces: LabelSelector | null,
  podSelector: LabelSelector,
  labelsOf: (identity: Identity) => Labels = ({ labels }) => labels,
): (endpoint: Endpoint) => Match {
  return pods(
    (identity) =>
      (namespaces === null ? identity.namespace === ownNamespace : selects(namespaces, identity.namespaceLabels)) &&
      selects(podSelector, labelsOf(identity)),
  );
}

/** Whether an end's address lies in the network and in none of the exceptions. */
export function inNetwork(range: Network, except: readonly Network[], endpoint: Endpoint): Match {
  const { addresses } = endpoint;
  if (addresses.length === 0) return 'maybe';
  const inside = (address: Address): boolean =>
    contains(range, address) && !except.some((each) => contains(each, address));
  const count = addresses.filter(inside).length;
  // A pod of two families: which of its addresses the flow has is not said.
  return count === 0 ? 'no' : count === addresses.length ? 'yes' : 'maybe';
}

export const anyPort: PortTest = { label: 'any port', matches: () => 'yes' };

/** `protocol` null: any that has ports. `port` null: every port. */
export function portRange(protocol: Protocol | null, port: number | null, end: number | null, icmp: Match): PortTest {
  const last = end ?? port;
  const ports = port === null ? 'any port' : last === port ? String(port) : `${port}-${last}`;
  return {
    label: `${ports}/${protocol ?? 'ANY'}`,
    matches(flow) {
      if (isIcmp(flow)) return icmp;
      if (protocol !== null && flow.protocol !== protocol) return 'no';
      if (port === null) return 'yes';
      return match(flow.port !== null && flow.port >= port && flow.port <= (last ?? port));
    },
  };
}

/** A name is looked up on the destination, with the protocol; nothing but a pod has named ports. */
export function namedPort(protocol: Protocol | null, name: string, icmp: Match): PortTest {
  return {
    label: `${name}/${protocol ?? 'ANY'}`,
    matches(flow) {
      if (isIcmp(flow)) return icmp;
      if (protocol !== null && flow.protocol !== protocol) return 'no';
      if (flow.dst.type === 'unresolved') return 'maybe';
      if (flow.dst.type !== 'pod') return 'no';
      return match(
        flow.dst.ports.some(
          (each) => each.name === name && each.containerPort === flow.port && each.protocol === flow.protocol,
        ),
      );
    },
  };
}

export function isIcmp({ protocol }: Flow): boolean {
  return protocol === 'ICMP' || protocol === 'ICMPv6';
}
