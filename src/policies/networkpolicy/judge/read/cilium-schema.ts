/** cilium.io/v2: the fields of CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy and CiliumCIDRGroup, with Cilium's admission rules. */
import { z } from 'zod';
import { parseAddress, parseNetwork } from '#kubernetes/addresses.ts';
import { isLabelKey, labelSelectorWith } from '#kubernetes/selectors.ts';
import { members, metadata, namespacedMetadata, within } from './schema.ts';

/** A source may stand before a key: `k8s:app`, `reserved:host`. */
export const endpointSelector = labelSelectorWith((key) =>
  isLabelKey(key.replace(/^(k8s|any|reserved|cidr|cidrgroup|container|fqdn):/, '')),
);

const block = z
  .string()
  .refine((text) => parseNetwork(text) !== null || parseAddress(text) !== null, 'not a network or an address');
const blockSet = z
  .strictObject({
    cidr: block.optional(),
    cidrGroupRef: z.string().min(1).max(253).optional(),
    cidrGroupSelector: endpointSelector.optional(),
    except: z.array(block).nullish(),
  })
  .superRefine((given, context) => {
    if (members(given, ['cidr', 'cidrGroupRef', 'cidrGroupSelector']).length !== 1)
      context.addIssue({ code: 'custom', message: 'needs exactly one of cidr, cidrGroupRef, cidrGroupSelector' });
    for (const [at, inner] of (given.except ?? []).entries()) {
      if (given.cidr !== undefined && !within(given.cidr, inner))
        context.addIssue({ code: 'custom', path: ['except', at], message: `must lie within ${given.cidr}` });
    }
  });

export const entities = [
  'all',
  'world',
  'cluster',
  'host',
  'init',
  'ingress',
  'unmanaged',
  'remote-node',
  'health',
  'none',
  'kube-apiserver',
] as const;
const entity = z.enum([...entities, 'world-ipv4', 'world-ipv6']);

const nameChars = (extra: string) => new RegExp(`^([-a-zA-Z0-9_${extra}]+[.]?)+$`);
const fqdn = z
  .strictObject({
    matchName: z.string().max(255).regex(nameChars(''), 'not a DNS name').optional(),
    matchPattern: z.string().max(255).regex(nameChars('*'), 'not a pattern of DNS names').optional(),
  })
  .refine(
    (given) => members(given, ['matchName', 'matchPattern']).length === 1,
    'needs one of matchName, matchPattern',
  );

const regex = z.string().refine((text) => {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}, 'not a regular expression');
const http = z.strictObject({
  method: regex.optional(),
  path: regex.optional(),
  host: regex.optional(),
  headers: z.array(z.string()).nullish(),
  headerMatches: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).nullish(),
});
const l7 = z
  .strictObject({
    http: z.array(http).optional(),
    dns: z.array(fqdn).optional(),
    kafka: z.array(z.looseObject({})).optional(),
    l7: z.array(z.looseObject({})).optional(),
    l7proto: z.string().optional(),
  })
  .refine((given) => members(given, ['http', 'dns', 'kafka', 'l7proto']).length <= 1, 'mixes application protocols');

const portText =
  /^(0|[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$|^(?=.*[a-zA-Z])[a-zA-Z0-9](-?[a-zA-Z0-9])*$/;
const port = z
  .strictObject({
    port: z.string().regex(portText, 'not a port number (as text) or name'),
    endPort: z.int().min(0).max(65_535).optional(),
    protocol: z.enum(['TCP', 'UDP', 'SCTP', 'ANY']).optional(),
  })
  .superRefine(({ port: first, endPort }, context) => {
    if (endPort === undefined || endPort === 0) return;
    if (!/^\d+$/.test(first) || endPort < Number(first))
      context.addIssue({ code: 'custom', path: ['endPort'], message: `does not go with port ${first}` });
  });
const denyPorts = z.strictObject({ ports: z.array(port).max(40, 'holds over 40 ports').nullish() });
const allowPorts = denyPorts
  .extend({
    rules: l7.optional(),
    serverNames: z.array(z.string()).min(1).optional(),
    terminatingTLS: z.looseObject({}).optional(),
    originatingTLS: z.looseObject({}).optional(),
    listener: z.looseObject({}).optional(),
  })
  .superRefine(({ rules, ports }, context) => {
    if (rules?.dns === undefined) return;
    // Cilium: DNS rules go with UDP and TCP alone.
    for (const [at, each] of (ports ?? []).entries()) {
      if (each.protocol === 'SCTP')
        context.addIssue({ code: 'custom', path: ['ports', at], message: 'DNS rules do not go with SCTP' });
    }
  });

export const icmpTypes: Readonly<Record<'IPv4' | 'IPv6', Readonly<Record<string, number>>>> = {
  IPv4: {
    EchoReply: 0,
    DestinationUnreachable: 3,
    Redirect: 5,
    Echo: 8,
    EchoRequest: 8,
    RouterAdvertisement: 9,
    RouterSelection: 10,
    TimeExceeded: 11,
    ParameterProblem: 12,
    Timestamp: 13,
    TimestampReply: 14,
    Photuris: 40,
    ExtendedEchoRequest: 42,
    ExtendedEchoReply: 43,
  },
  IPv6: {
    DestinationUnreachable: 1,
    PacketTooBig: 2,
    TimeExceeded: 3,
    ParameterProblem: 4,
    EchoRequest: 128,
    EchoReply: 129,
    MulticastListenerQuery: 130,
    MulticastListenerReport: 131,
    MulticastListenerDone: 132,
    RouterSolicitation: 133,
    RouterAdvertisement: 134,
    NeighborSolicitation: 135,
    NeighborAdvertisement: 136,
    RedirectMessage: 137,
  },
};
const icmp = z
  .strictObject({
    family: z.enum(['IPv4', 'IPv6']).default('IPv4'),
    type: z.union([z.int().min(0).max(255), z.string()]),
  })
  .refine(
    ({ family, type }) => typeof type === 'number' || /^\d{1,3}$/.test(type) || Object.hasOwn(icmpTypes[family], type),
    {
      path: ['type'],
      message: 'not an ICMP type of its family',
    },
  );
const icmps = z.array(z.strictObject({ fields: z.array(icmp).max(40).nullish() })).nullish();

const selectors = z.array(endpointSelector).nullish();
const loose = z.array(z.looseObject({})).nullish();
const sources = {
  fromEndpoints: selectors,
  fromEntities: z.array(entity).nullish(),
  fromCIDR: z.array(block).nullish(),
  fromCIDRSet: z.array(blockSet).nullish(),
  fromNodes: selectors,
  fromGroups: loose,
};
const service = z.strictObject({
  k8sService: z.strictObject({ serviceName: z.string().optional(), namespace: z.string().optional() }).optional(),
  k8sServiceSelector: z.strictObject({ selector: endpointSelector, namespace: z.string().optional() }).optional(),
});
const targets = {
  toEndpoints: selectors,
  toEntities: z.array(entity).nullish(),
  toCIDR: z.array(block).nullish(),
  toCIDRSet: z.array(blockSet).nullish(),
  toNodes: selectors,
  toGroups: loose,
  toServices: z.array(service).nullish(),
};
const authentication = z.strictObject({ mode: z.enum(['disabled', 'required', 'test-always-fail']) }).optional();

function rule<F extends z.ZodRawShape>(fields: F) {
  return z.strictObject({ ...fields, icmps }).superRefine((given, context) => {
    const value = given as Record<string, unknown>;
    const l3 = members(
      value,
      Object.keys(fields).filter((name) => /^(from|to)(?!Ports|Requires)/.test(name)),
    );
    if (l3.length > 1)
      context.addIssue({
        code: 'custom',
        path: [l3[1] ?? ''],
        message: `does not go with ${l3[0]}: one peer field a rule`,
      });
    if (isFilled(value['icmps']) && isFilled(value['toPorts']))
      context.addIssue({ code: 'custom', path: ['icmps'], message: 'does not go with toPorts' });
  });
}
const isFilled = (value: unknown): boolean => Array.isArray(value) && value.length > 0;

const ingress = rule({ ...sources, fromRequires: selectors, toPorts: z.array(allowPorts).nullish(), authentication });
const ingressDeny = rule({ ...sources, fromRequires: selectors, toPorts: z.array(denyPorts).nullish() });
const egress = rule({
  ...targets,
  toFQDNs: z.array(fqdn).nullish(),
  toRequires: selectors,
  toPorts: z.array(allowPorts).nullish(),
  authentication,
});
const egressDeny = rule({ ...targets, toRequires: selectors, toPorts: z.array(denyPorts).nullish() });

const sections = ['ingress', 'ingressDeny', 'egress', 'egressDeny'] as const;
const spec = z
  .strictObject({
    endpointSelector: endpointSelector.optional(),
    nodeSelector: endpointSelector.optional(),
    ingress: z.array(ingress).nullish(),
    ingressDeny: z.array(ingressDeny).nullish(),
    egress: z.array(egress).nullish(),
    egressDeny: z.array(egressDeny).nullish(),
    enableDefaultDeny: z.strictObject({ ingress: z.boolean().optional(), egress: z.boolean().optional() }).optional(),
    description: z.string().optional(),
    labels: z.array(z.looseObject({})).optional(),
    log: z.looseObject({}).optional(),
  })
  .superRefine((given, context) => {
    if (members(given, ['endpointSelector', 'nodeSelector']).length !== 1)
      context.addIssue({ code: 'custom', message: 'needs exactly one of endpointSelector, nodeSelector' });
    if (members(given, sections).length === 0)
      context.addIssue({ code: 'custom', message: `has none of ${sections.join(', ')}` });
  });

const specs = { spec: spec.optional(), specs: z.array(spec).optional(), status: z.unknown().optional() };
const hasSpec = (given: object): boolean => members(given, ['spec', 'specs']).length > 0;
export const ciliumPolicies = {
  CiliumNetworkPolicy: z
    .strictObject({
      apiVersion: z.literal('cilium.io/v2'),
      kind: z.literal('CiliumNetworkPolicy'),
      metadata: namespacedMetadata,
      ...specs,
    })
    .refine(hasSpec, 'has neither spec nor specs')
    .superRefine(({ spec: one, specs: more }, context) => {
      if ([one, ...(more ?? [])].some((each) => each?.nodeSelector !== undefined))
        context.addIssue({
          code: 'custom',
          path: ['spec', 'nodeSelector'],
          message: 'is for CiliumClusterwideNetworkPolicy',
        });
    }),
  CiliumClusterwideNetworkPolicy: z
    .strictObject({
      apiVersion: z.literal('cilium.io/v2'),
      kind: z.literal('CiliumClusterwideNetworkPolicy'),
      metadata,
      ...specs,
    })
    .refine(hasSpec, 'has neither spec nor specs'),
};
export const cidrGroup = z.strictObject({
  apiVersion: z.enum(['cilium.io/v2', 'cilium.io/v2alpha1']),
  kind: z.literal('CiliumCIDRGroup'),
  metadata,
  spec: z.strictObject({ externalCIDRs: z.array(block) }),
  status: z.unknown().optional(),
});

export type CiliumSpec = z.infer<typeof spec>;
export type AllowRule = z.infer<typeof ingress> & z.infer<typeof egress>;
export type CiliumPorts = z.infer<typeof allowPorts>;
export type BlockSet = z.infer<typeof blockSet>;
export type Icmps = z.infer<typeof icmps>;
