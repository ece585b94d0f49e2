/** Drafts → networking.k8s.io/v1 NetworkPolicy, and Calico's staged form of it. */
import { evidenceLine } from '#baseline/evidence.ts';
import type { LabelSelector } from '#kubernetes/selectors.ts';
import { commented, type YamlMap, type YamlValue } from '#kubernetes/yaml-text.ts';
import { type Draft, type DraftPeer, type DraftPort, type DraftRule } from './draft.ts';

export function networkPolicy(draft: Draft, staged: boolean): YamlMap {
  const { ingress, egress, selector, workload, name } = draft;
  return {
    apiVersion: staged ? 'projectcalico.org/v3' : 'networking.k8s.io/v1',
    kind: staged ? 'StagedKubernetesNetworkPolicy' : 'NetworkPolicy',
    metadata: { name, namespace: workload.namespace },
    spec: {
      ...(staged ? { stagedAction: 'Set' } : {}),
      podSelector: selectorMap(selector),
      policyTypes: [...(ingress === null ? [] : ['Ingress']), ...(egress === null ? [] : ['Egress'])],
      ingress: ingress?.flatMap((rule) => ruleMap(rule, 'from', workload.namespace)),
      egress: egress?.flatMap((rule) => ruleMap(rule, 'to', workload.namespace)),
    },
  };
}

/** ICMP has no ports: no rule of this type can let it through alone. */
export function cannotSay({ protocol }: DraftPort): boolean {
  return protocol === 'ICMP' || protocol === 'ICMPv6';
}

function ruleMap({ peer, ports, evidence, remarks }: DraftRule, field: 'from' | 'to', namespace: string): YamlValue[] {
  const own = ports.filter((port) => !cannotSay(port));
  if (own.length === 0) return [];
  return [
    commented([...remarks, evidenceLine(evidence)], {
      [field]: peerMaps(peer, namespace),
      ports: own.map(({ protocol, port }) => ({ protocol, port: port ?? undefined })),
    }),
  ];
}

function peerMaps(peer: DraftPeer, namespace: string): YamlMap[] {
  if (peer.type !== 'workload') {
    const except = peer.type === 'published' ? peer.except : [];
    return peer.networks.map((cidr) => {
      const inside = except.filter((each) => each.includes(':') === cidr.includes(':'));
      return { ipBlock: { cidr, except: inside.length === 0 ? undefined : inside } };
    });
  }
  const podSelector = selectorMap(peer.selector);
  if (peer.namespace === namespace) return [{ podSelector }];
  return [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': peer.namespace } }, podSelector }];
}

export function selectorMap({ matchLabels, matchExpressions }: LabelSelector): YamlMap {
  const labels = Object.entries(matchLabels ?? {});
  const expressions = matchExpressions ?? [];
  return {
    matchLabels: labels.length === 0 ? undefined : Object.fromEntries(labels.toSorted(([a], [b]) => (a < b ? -1 : 1))),
    matchExpressions:
      expressions.length === 0
        ? undefined
        : expressions.map(({ key, operator, values }) => ({
            key,
            operator,
            values: (values ?? []).length === 0 ? undefined : (values ?? []),
          })),
  };
}

/** Everything of a namespace, isolated. */
export function denyDefault(namespace: string, types: readonly string[]): YamlMap {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'default-deny', namespace },
    spec: { podSelector: {}, policyTypes: types },
  };
}
