/** Drafts → Calico's NetworkPolicy (projectcalico.org/v3) and its staged form. */
import { evidenceLine } from '#baseline/evidence.ts';
import type { LabelSelector } from '#kubernetes/selectors.ts';
import { commented, type YamlMap, type YamlValue } from '#kubernetes/yaml-text.ts';
import { type Draft, type DraftPeer, type DraftPort, type DraftRule } from './draft.ts';

export function calicoPolicy({ ingress, egress, selector, workload, name }: Draft, staged: boolean): YamlMap {
  const { namespace } = workload;
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: staged ? 'StagedNetworkPolicy' : 'NetworkPolicy',
    metadata: { name, namespace },
    spec: {
      ...(staged ? { stagedAction: 'Set' } : {}),
      selector: expression(selector),
      types: [...(ingress === null ? [] : ['Ingress']), ...(egress === null ? [] : ['Egress'])],
      ingress: ingress?.flatMap((rule) => ruleMaps(rule, 'source', namespace)),
      egress: egress?.flatMap((rule) => ruleMaps(rule, 'destination', namespace)),
    },
  };
}

/** A rule has one protocol. */
function ruleMaps(
  { peer, ports, evidence, remarks }: DraftRule,
  side: 'source' | 'destination',
  namespace: string,
): YamlValue[] {
  const comment = [...remarks, evidenceLine(evidence)];
  const groups = Map.groupBy(ports, ({ protocol, icmpType }) => `${protocol} ${icmpType ?? ''}`);
  return [...groups.values()].flatMap((own) => {
    const [first] = own;
    if (first === undefined) return [];
    const portField = portsOf(own);
    return peerFields(peer, namespace).map((fields) => {
      const near = side === 'source' ? portField : {};
      const source = side === 'source' ? fields : undefined;
      const destination =
        side === 'source' ? (Object.keys(near).length === 0 ? undefined : near) : { ...fields, ...portField };
      return commented(comment, {
        action: 'Allow',
        protocol: first.protocol,
        icmp: first.icmpType === null ? undefined : { type: first.icmpType },
        source,
        destination,
      });
    });
  });
}

function portsOf(ports: readonly DraftPort[]): YamlMap {
  const list = ports.flatMap(({ port }) => (port === null ? [] : [port]));
  return list.length === 0 ? {} : { ports: list };
}

function peerFields(peer: DraftPeer, namespace: string): YamlMap[] {
  if (peer.type === 'workload') {
    const other = peer.namespace === namespace ? undefined : `projectcalico.org/name == ${quoted(peer.namespace)}`;
    return [{ selector: expression(peer.selector), namespaceSelector: other }];
  }
  if (peer.type !== 'published' || peer.except.length === 0) return [{ nets: peer.networks }];
  return [{ nets: peer.networks, notNets: peer.except }];
}

/** A label selector as Calico's expression. */
export function expression({ matchLabels, matchExpressions }: LabelSelector): string {
  const parts = [
    ...Object.entries(matchLabels ?? {})
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => `${key} == ${quoted(value)}`),
    ...(matchExpressions ?? []).map(({ key, operator, values }) => {
      const list = `{${(values ?? []).map(quoted).join(', ')}}`;
      return {
        In: `${key} in ${list}`,
        NotIn: `${key} not in ${list}`,
        Exists: `has(${key})`,
        DoesNotExist: `!has(${key})`,
      }[operator];
    }),
  ];
  return parts.length === 0 ? 'all()' : parts.join(' && ');
}

/** Label values have no quotes in them. */
function quoted(value: string): string {
  return `'${value}'`;
}

/** Everything of some namespaces, isolated; it comes after every policy with rules. */
export function calicoDenyDefault(namespaces: readonly string[], types: readonly string[], staged: boolean): YamlMap {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: staged ? 'StagedGlobalNetworkPolicy' : 'GlobalNetworkPolicy',
    metadata: { name: 'default-deny' },
    spec: {
      ...(staged ? { stagedAction: 'Set' } : {}),
      namespaceSelector: `projectcalico.org/name in {${namespaces.map(quoted).join(', ')}}`,
      types,
    },
  };
}
