/** projectcalico.org/v3: NetworkPolicy, GlobalNetworkPolicy, their staged kinds, network sets and tiers. */
import { z } from 'zod';
import { parseAddress, parseNetwork } from '#kubernetes/addresses.ts';
import { parseSelector } from './calico-selector.ts';
import { metadata, namespacedMetadata, portNumber } from './schema.ts';

const selector = z.string().superRefine((text, context) => {
  try {
    parseSelector(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});
const net = z.string().refine((text) => parseNetwork(text) !== null || parseAddress(text) !== null, 'not a network');
const portOrRange = z.union([
  portNumber,
  z.string().refine((text) => {
    const [, first, last] = /^(\d{1,5}):(\d{1,5})$/.exec(text) ?? [];
    return first === undefined
      ? /^[a-zA-Z0-9][-_.a-zA-Z0-9]*$/.test(text)
      : Number(first) <= Number(last) && Number(last) <= 65_535;
  }, 'not a port, a range first:last or a name'),
]);
const protocolNames = ['TCP', 'UDP', 'ICMP', 'ICMPv6', 'SCTP', 'UDPLite'] as const;
const protocol = z.union([z.enum(protocolNames), z.int().min(1).max(255)]);
const icmp = z
  .strictObject({ type: z.int().min(0).max(254).optional(), code: z.int().min(0).max(255).optional() })
  .nullish();

const end = z.strictObject({
  nets: z.array(net).nullish(),
  notNets: z.array(net).nullish(),
  selector: selector.optional(),
  notSelector: selector.optional(),
  namespaceSelector: selector.optional(),
  ports: z.array(portOrRange).nullish(),
  notPorts: z.array(portOrRange).nullish(),
  serviceAccounts: z.strictObject({ names: z.array(z.string()).nullish(), selector: selector.optional() }).optional(),
  services: z.strictObject({ name: z.string(), namespace: z.string().optional() }).optional(),
});

const rule = z
  .strictObject({
    action: z.enum(['Allow', 'Deny', 'Log', 'Pass']),
    ipVersion: z.union([z.literal(4), z.literal(6)]).nullish(),
    protocol: protocol.nullish(),
    notProtocol: protocol.nullish(),
    icmp,
    notICMP: icmp,
    source: end.optional(),
    destination: end.optional(),
    http: z.looseObject({}).optional(),
    metadata: z.looseObject({}).optional(),
  })
  .superRefine(({ protocol: own, source, destination, icmp: types }, context) => {
    const withPorts = own === 'TCP' || own === 'UDP' || own === 'SCTP' || own === 6 || own === 17 || own === 132;
    for (const [name, each] of Object.entries({ source, destination })) {
      if (!withPorts && ((each?.ports ?? []).length > 0 || (each?.notPorts ?? []).length > 0))
        context.addIssue({ code: 'custom', path: [name, 'ports'], message: 'needs a protocol that has ports' });
    }
    if (types !== undefined && types !== null && own !== 'ICMP' && own !== 'ICMPv6' && own !== 1 && own !== 58)
      context.addIssue({ code: 'custom', path: ['icmp'], message: 'needs protocol ICMP or ICMPv6' });
  });

const common = {
  tier: z.string().optional(),
  order: z.number().nullish(),
  selector: selector.optional(),
  serviceAccountSelector: selector.optional(),
  types: z
    .array(z.enum(['Ingress', 'Egress']))
    .min(1)
    .max(2)
    .nullish(),
  ingress: z.array(rule).nullish(),
  egress: z.array(rule).nullish(),
  performanceHints: z.array(z.string()).nullish(),
};
const global = {
  ...common,
  namespaceSelector: selector.optional(),
  applyOnForward: z.boolean().optional(),
  doNotTrack: z.boolean().optional(),
  preDNAT: z.boolean().optional(),
};
const stagedAction = z.enum(['Set', 'Delete', 'Learn', 'Ignore']).optional();
const object = <M extends z.ZodType, S extends z.ZodRawShape>(kind: string, meta: M, spec: S) =>
  z.strictObject({
    apiVersion: z.literal('projectcalico.org/v3'),
    kind: z.literal(kind),
    metadata: meta,
    spec: z.strictObject(spec),
    status: z.unknown().optional(),
  });

export const calicoPolicies = {
  NetworkPolicy: object('NetworkPolicy', namespacedMetadata, common),
  GlobalNetworkPolicy: object('GlobalNetworkPolicy', metadata, global),
  StagedNetworkPolicy: object('StagedNetworkPolicy', namespacedMetadata, { ...common, stagedAction }),
  StagedGlobalNetworkPolicy: object('StagedGlobalNetworkPolicy', metadata, { ...global, stagedAction }),
} as const;
const nets = { nets: z.array(net).nullish() };
export const calicoSets = {
  NetworkSet: object('NetworkSet', namespacedMetadata, nets),
  GlobalNetworkSet: object('GlobalNetworkSet', metadata, nets),
} as const;
export const calicoTier = object('Tier', metadata, {
  order: z.number().nullish(),
  defaultAction: z.enum(['Deny', 'Pass']).nullish(),
});

export type CalicoRule = z.infer<typeof rule>;
export type CalicoEnd = z.infer<typeof end>;
export type CalicoPort = z.infer<typeof portOrRange>;
export type CalicoProtocol = z.infer<typeof protocol>;
/** The union of the four kinds' specs. */
export interface CalicoSpec extends z.infer<z.ZodObject<typeof common>> {
  readonly namespaceSelector?: string | undefined;
  readonly doNotTrack?: boolean | undefined;
  readonly preDNAT?: boolean | undefined;
  readonly stagedAction?: 'Set' | 'Delete' | 'Learn' | 'Ignore' | undefined;
}
