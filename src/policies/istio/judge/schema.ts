/**
 * AuthorizationPolicy and PeerAuthentication of security.istio.io/v1, with what istiod's webhook refuses beyond the
 * schema (istio/istio pkg/config/validation).
 */
import { z } from 'zod';
import { parseAddress, parseNetwork } from '#kubernetes/addresses.ts';
import { templateFault } from './paths.ts';

const filled = z.string().min(1);
const texts = z.array(filled).nullish();
const address = z
  .string()
  .refine((text) => parseNetwork(text) !== null || parseAddress(text) !== null, 'neither an address nor a network');
const addresses = z.array(address).nullish();
const port = z
  .string()
  .regex(/^\d+$/, 'a port is a number in a string')
  .refine((text) => Number(text) <= 65_535, 'no port');
const account = z
  .string()
  .max(320)
  .regex(/^[^*/]+(\/[^*/]+)?$/, 'takes an account or namespace/account, without a wildcard');
const accounts = z.array(account).max(16).nullish();
const path = filled.superRefine((text, context) => {
  const fault = templateFault(text);
  if (fault !== null) context.addIssue({ code: 'custom', message: fault });
});
const paths = z.array(path).nullish();
const ports = z.array(port).nullish();

const sourceFields = z.strictObject({
  principals: texts,
  notPrincipals: texts,
  requestPrincipals: texts,
  notRequestPrincipals: texts,
  namespaces: texts,
  notNamespaces: texts,
  serviceAccounts: accounts,
  notServiceAccounts: accounts,
  trustDomains: texts,
  notTrustDomains: texts,
  ipBlocks: addresses,
  notIpBlocks: addresses,
  remoteIpBlocks: addresses,
  notRemoteIpBlocks: addresses,
});
const operationFields = z.strictObject({
  hosts: texts,
  notHosts: texts,
  ports,
  notPorts: ports,
  methods: texts,
  notMethods: texts,
  paths,
  notPaths: paths,
});
export type Source = z.infer<typeof sourceFields>;
export type Operation = z.infer<typeof operationFields>;

function given(fields: object): boolean {
  return Object.values(fields).some((list: unknown) => Array.isArray(list) && list.length > 0);
}

const source = sourceFields.superRefine((fields, context) => {
  if (!given(fields)) context.addIssue({ code: 'custom', message: 'a source needs a field' });
  const set = (list: readonly string[] | null | undefined): boolean => list !== undefined && list !== null;
  const alone = set(fields.serviceAccounts) || set(fields.notServiceAccounts);
  const beside = [fields.principals, fields.notPrincipals, fields.namespaces, fields.notNamespaces].some(set);
  if (alone && beside)
    context.addIssue({ code: 'custom', message: 'serviceAccounts do not stand beside principals or namespaces' });
});
const operation = operationFields.refine(given, 'an operation needs a field');

export const conditionKeys = [
  'source.ip',
  'remote.ip',
  'source.namespace',
  'source.principal',
  'request.auth.principal',
  'request.auth.audiences',
  'request.auth.presenter',
  'destination.ip',
  'destination.port',
  'connection.sni',
] as const;
const bracketed = /^(request\.headers|request\.auth\.claims|experimental\.envoy\.filters\.[^[]+)(\[.+\])+$/;

const condition = z
  .strictObject({ key: filled, values: texts, notValues: texts })
  .superRefine(({ key, values, notValues }, context) => {
    if (!(conditionKeys as readonly string[]).includes(key) && !bracketed.test(key))
      context.addIssue({ code: 'custom', path: ['key'], message: `unknown attribute ${JSON.stringify(key)}` });
    if ((values ?? []).length + (notValues ?? []).length === 0)
      context.addIssue({ code: 'custom', message: 'a condition needs values or notValues' });
  });
export type Condition = z.infer<typeof condition>;

const rule = z.strictObject({
  from: z.array(z.strictObject({ source })).min(1).max(512).nullish(),
  to: z.array(z.strictObject({ operation })).min(1).nullish(),
  when: z.array(condition).nullish(),
});
export type Rule = z.infer<typeof rule>;

const noWildcard = z.string().refine((text) => !text.includes('*'), 'no wildcard is allowed here');
const selector = z.strictObject({ matchLabels: z.record(noWildcard.min(1), noWildcard.max(63)).nullish() }).nullish();
const targetRef = z.strictObject({
  group: z.string().nullish(),
  kind: filled,
  name: filled,
  namespace: z.literal('', 'another namespace cannot be named').nullish(),
});
export type TargetRef = z.infer<typeof targetRef>;

const metadata = z.looseObject({
  name: filled,
  namespace: filled.default('default'),
  annotations: z.record(z.string(), z.string()).nullish(),
});

export const authorizationPolicy = z.looseObject({
  metadata,
  spec: z
    .strictObject({
      selector,
      targetRef: targetRef.nullish(),
      targetRefs: z.array(targetRef).max(16).nullish(),
      action: z.enum(['ALLOW', 'DENY', 'AUDIT', 'CUSTOM']).default('ALLOW'),
      provider: z.strictObject({ name: filled }).nullish(),
      rules: z.array(rule).max(512).nullish(),
    })
    .superRefine((spec, context) => {
      const places = [spec.selector, spec.targetRef, spec.targetRefs].filter(
        (each) => each !== undefined && each !== null,
      );
      if (places.length > 1)
        context.addIssue({ code: 'custom', message: 'only one of selector, targetRef and targetRefs can be set' });
      if ((spec.action === 'CUSTOM') !== (spec.provider !== undefined && spec.provider !== null))
        context.addIssue({ code: 'custom', path: ['provider'], message: 'CUSTOM needs a provider, others take none' });
    })
    .nullish(),
});
export type AuthorizationPolicy = z.infer<typeof authorizationPolicy>;

const mode = z.strictObject({ mode: z.enum(['UNSET', 'DISABLE', 'PERMISSIVE', 'STRICT']).default('UNSET') });
export const peerAuthentication = z.looseObject({
  metadata,
  spec: z
    .strictObject({
      selector,
      mtls: mode.nullish(),
      portLevelMtls: z.record(z.string().regex(/^[1-9]\d{0,4}$/, 'no port'), mode).nullish(),
    })
    .superRefine((spec, context) => {
      const own = Object.keys(spec.selector?.matchLabels ?? {}).length > 0;
      if (spec.portLevelMtls !== undefined && spec.portLevelMtls !== null && !own)
        context.addIssue({ code: 'custom', path: ['portLevelMtls'], message: 'portLevelMtls requires a selector' });
    })
    .nullish(),
});
export type PeerAuthentication = z.infer<typeof peerAuthentication>;
