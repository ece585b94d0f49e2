/**
 * policy.networking.k8s.io: AdminNetworkPolicy and BaselineAdminNetworkPolicy (v1alpha1) and their successor
 * ClusterNetworkPolicy (v1alpha2). They allow, deny or pass on, and isolate nothing.
 */
import { z } from 'zod';
import { labelSelector, selects, selectorText } from '#kubernetes/selectors.ts';
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
import { hintOf, onlyNamespace } from '../candidates.ts';
import { anyPort, inNetwork, namedPort, podsSelected, portRange } from '../tests.ts';
import { nameMatcher } from './dns-names.ts';
import { cidr, members, metadata, networkOf, portName, portNumber, read, scoped, transport } from './schema.ts';

const domainName = z
  .string()
  .regex(
    /^(\*\.)?([a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.)+[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?\.?$/,
    'not a domain name',
  );
const outside = {
  nodes: labelSelector.optional(),
  networks: z.array(cidr).min(1).max(25).optional(),
  domainNames: z.array(domainName).min(1).max(25).optional(),
};
const exactlyOne = (names: readonly string[]) => (value: object, context: z.core.$RefinementCtx) => {
  if (members(value, names).length !== 1)
    context.addIssue({ code: 'custom', message: `needs exactly one of ${names.join(', ')}`, input: value });
};
const from = z.strictObject(scoped).superRefine(exactlyOne(['namespaces', 'pods']));
const to = z
  .strictObject({ ...scoped, ...outside })
  .superRefine(exactlyOne(['namespaces', 'pods', 'nodes', 'networks', 'domainNames']));
const subject = z.strictObject(scoped).superRefine(exactlyOne(['namespaces', 'pods']));
const name = z.string().max(100).optional();

const range = z
  .strictObject({ protocol: transport.default('TCP'), start: portNumber, end: portNumber })
  .refine(({ start, end }) => start <= end, { path: ['end'], message: 'is below start' });
const oldPort = z
  .strictObject({
    portNumber: z.strictObject({ protocol: transport.default('TCP'), port: portNumber }).optional(),
    portRange: range.optional(),
    namedPort: portName.optional(),
  })
  .superRefine(exactlyOne(['portNumber', 'portRange', 'namedPort']));
const numbered = z
  .strictObject({
    destinationPort: z
      .strictObject({
        number: portNumber.optional(),
        range: z
          .strictObject({ start: portNumber, end: portNumber })
          .refine(({ start, end }) => start < end, { path: ['end'], message: 'is not above start' })
          .optional(),
      })
      .superRefine(exactlyOne(['number', 'range']))
      .optional(),
  })
  .optional();
const protocols = z
  .strictObject({ tcp: numbered, udp: numbered, sctp: numbered, destinationNamedPort: portName.optional() })
  .superRefine(exactlyOne(['tcp', 'udp', 'sctp', 'destinationNamedPort']));

function rules<A extends z.ZodType>(action: A, ports: Record<string, z.ZodType>, max: number) {
  return {
    ingress: z
      .array(z.strictObject({ name, action, from: z.array(from).min(1).max(max), ...ports }))
      .max(max)
      .optional(),
    egress: z
      .array(
        z.strictObject({ name, action, to: z.array(to).min(1).max(max), ...ports }).superRefine(noNamedPortOutside),
      )
      .max(max)
      .optional(),
  };
}

/** Nodes, networks and names have no named ports. */
function noNamedPortOutside(rule: object, context: z.core.$RefinementCtx): void {
  const text = JSON.stringify(rule);
  if (/"(nodes|networks|domainNames)":/.test(text) && /"(namedPort|destinationNamedPort)":/.test(text))
    context.addIssue({
      code: 'custom',
      message: 'named ports do not go with nodes, networks or domainNames',
      input: rule,
    });
}

const oldPorts = { ports: z.array(oldPort).max(100).optional() };
const newPorts = { protocols: z.array(protocols).min(1).max(25).optional() };
const object = (apiVersion: string, kind: string, spec: z.ZodType) =>
  z.strictObject({
    apiVersion: z.literal(apiVersion),
    kind: z.literal(kind),
    metadata,
    spec,
    status: z.unknown().optional(),
  });

const priority = z.int().min(0).max(1000);
const schemas: Readonly<Record<string, z.ZodType>> = {
  AdminNetworkPolicy: object(
    'policy.networking.k8s.io/v1alpha1',
    'AdminNetworkPolicy',
    z.strictObject({ priority, subject, ...rules(z.enum(['Allow', 'Deny', 'Pass']), oldPorts, 100) }),
  ),
  BaselineAdminNetworkPolicy: object(
    'policy.networking.k8s.io/v1alpha1',
    'BaselineAdminNetworkPolicy',
    z.strictObject({ subject, ...rules(z.enum(['Allow', 'Deny']), oldPorts, 100) }),
  ),
  ClusterNetworkPolicy: object(
    'policy.networking.k8s.io/v1alpha2',
    'ClusterNetworkPolicy',
    z.strictObject({
      tier: z.enum(['Admin', 'Baseline']),
      priority,
      subject,
      ...rules(z.enum(['Accept', 'Deny', 'Pass']), newPorts, 25),
    }),
  ),
};

interface ReadRule {
  readonly action: 'Allow' | 'Accept' | 'Deny' | 'Pass';
  readonly from?: readonly z.infer<typeof to>[];
  readonly to?: readonly z.infer<typeof to>[];
  readonly ports?: readonly z.infer<typeof oldPort>[];
  readonly protocols?: readonly z.infer<typeof protocols>[];
}
interface ReadPolicy {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly tier?: 'Admin' | 'Baseline';
    readonly priority?: number;
    readonly subject: z.infer<typeof subject>;
    readonly ingress?: readonly ReadRule[];
    readonly egress?: readonly ReadRule[];
  };
}

export function isAdminKind(kind: string): boolean {
  return kind in schemas;
}

export function readAdminPolicy(
  given: unknown,
  kind: string,
  where: string,
  tiers: { admin: Tier; baseline: Tier },
): Policy {
  const schema = schemas[kind];
  if (schema === undefined) throw new Error(`no admin kind ${kind}`);
  // The three schemas differ in the words for an action and for ports; `ReadPolicy` is their union.
  const { metadata: own, spec } = read(schema, given, where) as ReadPolicy;
  const side = (direction: 'ingress' | 'egress', all: readonly ReadRule[] | undefined): Side | null =>
    all === undefined || all.length === 0
      ? null
      : sideOf(
          all.map((rule, at) => ruleOf(rule, `${direction}[${at}]`)),
          false,
        );
  return {
    name: `${kind} ${own.name}`,
    tier: kind === 'BaselineAdminNetworkPolicy' || spec.tier === 'Baseline' ? tiers.baseline : tiers.admin,
    order: spec.priority ?? 0,
    hint: scopedTest(spec.subject).hint ?? null,
    selects: scopedTest(spec.subject).matches,
    ingress: side('ingress', spec.ingress),
    egress: side('egress', spec.egress),
  };
}

function ruleOf({ action, from: sources, to: targets, ports, protocols: own }: ReadRule, where: string): Rule {
  const tests = [...(ports ?? []).map(oldPortTest), ...(own ?? []).map(protocolTest)];
  return {
    where,
    action: action === 'Deny' ? 'deny' : action === 'Pass' ? 'pass' : 'allow',
    peers: (sources ?? targets ?? []).flatMap(peerTests),
    ports: tests.length === 0 ? [anyPort] : tests,
  };
}

type Tested = PeerTest & { matches(endpoint: Parameters<PeerTest['matches']>[0]): Match };

function scopedTest({ namespaces, pods }: z.infer<typeof subject>): Tested {
  const selector = namespaces ?? pods?.namespaceSelector ?? {};
  const podSelector = pods?.podSelector ?? {};
  const label = `namespaces ${selectorText(selector)}${pods === undefined ? '' : ` pods ${selectorText(podSelector)}`}`;
  return {
    label,
    hint: hintOf(onlyNamespace(selector), podSelector),
    matches: podsSelected(null, selector, podSelector),
  };
}

function peerTests(peer: z.infer<typeof to>): PeerTest[] {
  const { nodes, networks, domainNames } = peer;
  if (nodes !== undefined) {
    const label = `nodes ${selectorText(nodes)}`;
    return [
      {
        label,
        matches: (endpoint) =>
          endpoint.type === 'node'
            ? match(selects(nodes, endpoint.labels))
            : endpoint.type === 'unresolved'
              ? 'maybe'
              : 'no',
      },
    ];
  }
  // Networks are addresses and nothing else here: pods and nodes have them too.
  if (networks !== undefined)
    return networks.map((text) => {
      const range = networkOf(text);
      return { label: `network ${text}`, matches: (endpoint) => inNetwork(range, [], endpoint) };
    });
  if (domainNames !== undefined)
    return domainNames.map((each) => nameMatcher(each, each.startsWith('*.') ? 'levels' : 'exact'));
  return [scopedTest(peer)];
}

function oldPortTest({ portNumber: single, portRange: several, namedPort: named }: z.infer<typeof oldPort>): PortTest {
  if (named !== undefined) return namedPort(null, named, 'maybe');
  if (several !== undefined) return portRange(several.protocol, several.start, several.end, 'no');
  return portRange(single?.protocol ?? 'TCP', single?.port ?? null, null, 'no');
}

function protocolTest({ tcp, udp, sctp, destinationNamedPort }: z.infer<typeof protocols>): PortTest {
  if (destinationNamedPort !== undefined) return namedPort(null, destinationNamedPort, 'no');
  const [protocol, own] =
    tcp === undefined
      ? udp === undefined
        ? (['SCTP', sctp] as const)
        : (['UDP', udp] as const)
      : (['TCP', tcp] as const);
  const at = own?.destinationPort;
  return portRange(protocol, at?.number ?? at?.range?.start ?? null, at?.range?.end ?? null, 'no');
}
