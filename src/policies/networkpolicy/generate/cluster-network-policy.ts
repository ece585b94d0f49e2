/**
 * Drafts → ClusterNetworkPolicy (policy.networking.k8s.io/v1alpha2). It accepts and denies, and isolates nothing; and no
 * peer of its ingress stands for the world. So each workload gets a NetworkPolicy beside it, which isolates and says
 * who may come in from outside of the cluster.
 */
import { evidenceLine } from '#baseline/evidence.ts';
import { commented, type YamlMap, type YamlValue } from '#kubernetes/yaml-text.ts';
import { type Draft, type DraftPeer, type DraftPort, type DraftRule } from './draft.ts';
import { networkPolicy, selectorMap } from './kubernetes.ts';

/** The API's limit for rules of one direction, peers of a rule, and protocols of a rule. */
const limit = 25;
/** All subjects are apart from each other, so one priority serves them all; what follows a full policy comes after it. */
const priority = 500;

export function clusterNetworkPolicies(draft: Draft): YamlMap[] {
  const { workload, name, selector, ingress, egress } = draft;
  const accepts = {
    ingress: (ingress ?? []).filter(({ peer }) => peer.type === 'workload').flatMap((rule) => ruleMaps(rule, 'from')),
    egress: (egress ?? []).flatMap((rule) => ruleMaps(rule, 'to')),
  };
  const refuse = {
    ingress: ingress === null ? [] : [{ name: 'everything-else', action: 'Deny', from: [{ namespaces: {} }] }],
    egress:
      egress === null ? [] : [{ name: 'everything-else', action: 'Deny', to: [{ networks: ['0.0.0.0/0', '::/0'] }] }],
  };
  const ingressParts = chunks([...accepts.ingress, ...refuse.ingress]);
  const egressParts = chunks([...accepts.egress, ...refuse.egress]);
  const count = Math.max(ingressParts.length, egressParts.length);
  const policies = Array.from(
    { length: count },
    (_, at): YamlMap => ({
      apiVersion: 'policy.networking.k8s.io/v1alpha2',
      kind: 'ClusterNetworkPolicy',
      metadata: { name: `${workload.namespace}.${name}${at === 0 ? '' : `-${at + 1}`}` },
      spec: {
        tier: 'Admin',
        priority: priority + at,
        subject: { pods: { namespaceSelector: ofNamespace(workload.namespace), podSelector: selectorMap(selector) } },
        ingress: ingressParts[at],
        egress: egressParts[at],
      },
    }),
  );
  const outside = (ingress ?? []).filter(({ peer }) => peer.type !== 'workload');
  return [
    ...policies,
    networkPolicy({ ...draft, ingress: ingress === null ? null : outside, egress: egress === null ? null : [] }, false),
  ];
}

function ruleMaps({ peer, ports, evidence, remarks }: DraftRule, side: 'from' | 'to'): YamlValue[] {
  const own = ports.filter(({ protocol }) => !protocol.startsWith('ICMP'));
  return chunks(own).flatMap((list) =>
    chunks(peerMaps(peer)).map((peers) =>
      commented([...remarks, evidenceLine(evidence)], {
        action: 'Accept',
        [side]: peers,
        protocols: list.map(protocolMap),
      }),
    ),
  );
}

function protocolMap({ protocol, port }: DraftPort): YamlMap {
  return typeof port === 'string'
    ? { destinationNamedPort: port }
    : { [protocol.toLowerCase()]: { destinationPort: { number: port } } };
}

function peerMaps(peer: DraftPeer): YamlMap[] {
  if (peer.type === 'workload')
    return [{ pods: { namespaceSelector: ofNamespace(peer.namespace), podSelector: selectorMap(peer.selector) } }];
  return chunks(peer.networks).map((networks) => ({ networks }));
}

function ofNamespace(namespace: string): YamlMap {
  return { matchLabels: { 'kubernetes.io/metadata.name': namespace } };
}

function chunks<T>(items: readonly T[]): (readonly T[])[] {
  const found: (readonly T[])[] = [];
  for (let at = 0; at < items.length; at += limit) found.push(items.slice(at, at + limit));
  return found;
}
