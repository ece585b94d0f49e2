/** networking.k8s.io/v1 NetworkPolicy. */
import { z } from 'zod';
import { labelSelector, selectorText } from '#kubernetes/selectors.ts';
import type { Labels } from '#kubernetes/cluster.ts';
import { hintOf, onlyNamespace } from '../candidates.ts';
import type { Endpoint, Identity } from '../endpoint.ts';
import {
  type Match,
  match,
  type PeerTest,
  type Policy,
  type PortTest,
  type Rule,
  type Side,
  sideOf,
  type Tier,
} from '../policy.ts';
import { anyPort, inNetwork, namedPort, podsSelected, portRange } from '../tests.ts';
import {
  cidr,
  members,
  namespacedMetadata,
  networkOf,
  portName,
  portNumber,
  read,
  transport,
  within,
} from './schema.ts';

const peer = z
  .strictObject({
    podSelector: labelSelector.nullish(),
    namespaceSelector: labelSelector.nullish(),
    ipBlock: z
      .strictObject({ cidr, except: z.array(cidr).nullish() })
      .superRefine(({ cidr: outer, except }, context) => {
        for (const [at, inner] of (except ?? []).entries()) {
          if (!within(outer, inner))
            context.addIssue({ code: 'custom', path: ['except', at], message: `must lie within ${outer}` });
        }
      })
      .nullish(),
  })
  .superRefine((given, context) => {
    const present = members(given, ['podSelector', 'namespaceSelector', 'ipBlock']);
    if (present.length === 0) context.addIssue({ code: 'custom', message: 'names no peer' });
    if (present.includes('ipBlock') && present.length > 1)
      context.addIssue({ code: 'custom', path: ['ipBlock'], message: 'stands alone, without selectors' });
  });

const port = z
  .strictObject({
    protocol: transport.nullish(),
    port: z.union([portNumber, portName]).nullish(),
    endPort: portNumber.nullish(),
  })
  .superRefine(({ port: first, endPort }, context) => {
    if (endPort === undefined || endPort === null) return;
    const message = typeof first === 'number' ? `is below port ${first}` : 'needs a port that is a number';
    if (typeof first !== 'number' || endPort < first) context.addIssue({ code: 'custom', path: ['endPort'], message });
  });

const ports = z.array(port).nullish();
const schema = z.strictObject({
  apiVersion: z.literal('networking.k8s.io/v1'),
  kind: z.literal('NetworkPolicy'),
  metadata: namespacedMetadata,
  spec: z.strictObject({
    podSelector: labelSelector.nullish(),
    policyTypes: z
      .array(z.enum(['Ingress', 'Egress']))
      .max(2)
      .nullish(),
    ingress: z.array(z.strictObject({ from: z.array(peer).nullish(), ports })).nullish(),
    egress: z.array(z.strictObject({ to: z.array(peer).nullish(), ports })).nullish(),
  }),
  status: z.unknown().optional(),
});

/** What differs between implementations. */
export interface Reading {
  readonly tier: Tier;
  readonly order: number | null;
  /** Whether an ipBlock covers an end at all: `no` and `maybe` are final. */
  readonly reaches: (endpoint: Endpoint) => Match;
  /** Labels that selectors see. */
  readonly labelsOf: (identity: Identity) => Labels;
  /** ICMP against a rule with ports is not defined by Kubernetes. */
  readonly icmp: Match;
}

export function readNetworkPolicy(object: unknown, where: string, reading: Reading): Policy {
  const { metadata, spec } = read(schema, object, where);
  const { namespace, name } = metadata;
  const types = spec.policyTypes ?? [];
  const ingress = types.length === 0 || types.includes('Ingress');
  const egress = types.length === 0 ? (spec.egress ?? []).length > 0 : types.includes('Egress');
  const subject = podsSelected(namespace, null, spec.podSelector ?? {}, reading.labelsOf);

  const side = (direction: string, rules: readonly { peers: Peers; ports: Ports }[]): Side =>
    sideOf(
      rules.map(
        (rule, at): Rule => ({
          where: `${direction}[${at}]`,
          action: 'allow',
          peers:
            (rule.peers ?? []).length === 0
              ? [anyone]
              : (rule.peers ?? []).map((each) => peerTest(each, namespace, reading)),
          ports:
            (rule.ports ?? []).length === 0
              ? [anyPort]
              : (rule.ports ?? []).map((each) => portTest(each, reading.icmp)),
        }),
      ),
      true,
    );
  return {
    name: `NetworkPolicy ${namespace}/${name}`,
    tier: reading.tier,
    order: reading.order,
    hint: hintOf(namespace, spec.podSelector ?? {}),
    selects: subject,
    ingress: ingress
      ? side(
          'ingress',
          (spec.ingress ?? []).map(({ from, ports: own }) => ({ peers: from, ports: own })),
        )
      : null,
    egress: egress
      ? side(
          'egress',
          (spec.egress ?? []).map(({ to, ports: own }) => ({ peers: to, ports: own })),
        )
      : null,
  };
}

type Peers = readonly z.infer<typeof peer>[] | null | undefined;
type Ports = readonly z.infer<typeof port>[] | null | undefined;

/** No list of peers: everybody, outside of the cluster too. */
export const anyone: PeerTest = { label: 'anyone', matches: () => 'yes' };

function peerTest(
  { podSelector, namespaceSelector, ipBlock }: z.infer<typeof peer>,
  namespace: string,
  reading: Reading,
): PeerTest {
  if (ipBlock !== undefined && ipBlock !== null) {
    const range = networkOf(ipBlock.cidr);
    const except = (ipBlock.except ?? []).map(networkOf);
    const label = `ipBlock ${ipBlock.cidr}${except.length === 0 ? '' : ` except ${(ipBlock.except ?? []).toSorted().join(',')}`}`;
    return {
      label,
      matches(endpoint) {
        const reached = reading.reaches(endpoint);
        if (reached === 'no') return 'no';
        const inside = inNetwork(range, except, endpoint);
        return inside === 'yes' ? reached : inside;
      },
    };
  }
  const label = [
    ...(namespaceSelector ? [`namespaces ${selectorText(namespaceSelector)}`] : []),
    ...(podSelector ? [`pods ${selectorText(podSelector)}`] : []),
  ].join(' ');
  const only =
    namespaceSelector === undefined || namespaceSelector === null ? namespace : onlyNamespace(namespaceSelector);
  return {
    label,
    hint: hintOf(only, podSelector ?? {}),
    matches: podsSelected(namespace, namespaceSelector ?? null, podSelector ?? {}, reading.labelsOf),
  };
}

function portTest({ protocol, port: first, endPort }: z.infer<typeof port>, icmp: Match): PortTest {
  const own = protocol ?? 'TCP';
  return typeof first === 'string' ? namedPort(own, first, icmp) : portRange(own, first ?? null, endPort ?? null, icmp);
}

/** ipBlocks of the dialects in which they are addresses and nothing else. */
export const reachesEverything = (): Match => 'yes';
/** ipBlocks that never stand for pods. */
export const reachesOutsideOfPods = (endpoint: Endpoint): Match =>
  endpoint.type === 'unresolved' ? 'maybe' : match(endpoint.type !== 'pod');
/** Cilium: identities come first, addresses stand for the world alone. */
export const reachesWorld = (endpoint: Endpoint): Match =>
  endpoint.type === 'unresolved' ? 'maybe' : match(endpoint.type === 'world');
