/**
 * Server, HTTPRoute, AuthorizationPolicy, MeshTLSAuthentication and NetworkAuthentication of policy.linkerd.io, with
 * what the policy controller's webhook refuses beyond the schema (linkerd2 policy-controller/src/admission.rs).
 */
import { z } from 'zod';
import { covers, parseAddress, parseNetwork, single } from '#kubernetes/addresses.ts';
import { labelSelector } from '#kubernetes/selectors.ts';
import { accessPolicies } from '../options.ts';

const filled = z.string().min(1);
const metadata = z.looseObject({ name: filled, namespace: filled.default('default') });

const port = z.union([z.int().min(1).max(65_535), z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'no port')]);

export const server = z.looseObject({
  metadata,
  spec: z
    .strictObject({
      podSelector: labelSelector.optional(),
      externalWorkloadSelector: labelSelector.optional(),
      port,
      proxyProtocol: z.enum(['unknown', 'HTTP/1', 'HTTP/2', 'gRPC', 'opaque', 'TLS']).default('unknown'),
      accessPolicy: z.enum(accessPolicies).default('deny'),
    })
    .refine(
      ({ podSelector, externalWorkloadSelector }) =>
        (podSelector === undefined) !== (externalWorkloadSelector === undefined),
      'takes either podSelector or externalWorkloadSelector',
    ),
});
export type ServerObject = z.infer<typeof server>;

const own = 'policy.linkerd.io';
const gateway = 'gateway.networking.k8s.io';

const targetRef = z
  .strictObject({ group: z.string().default(''), kind: filled, name: filled })
  .superRefine(({ group, kind }, context) => {
    const known =
      (group === own && (kind === 'Server' || kind === 'HTTPRoute')) ||
      (group === gateway && (kind === 'HTTPRoute' || kind === 'GRPCRoute')) ||
      (group === '' && kind === 'Namespace');
    if (!known)
      context.addIssue({
        code: 'custom',
        message: `invalid targetRef kind ${group === '' ? kind : `${kind}.${group}`}`,
      });
  });
const authenticationRef = z.strictObject({
  group: z.string().default(''),
  kind: filled,
  name: filled,
  namespace: filled.optional(),
});
export type AuthenticationRef = z.infer<typeof authenticationRef>;

export function isIdentities({ group, kind }: AuthenticationRef): boolean {
  return (group === own && kind === 'MeshTLSAuthentication') || (group === '' && kind === 'ServiceAccount');
}

export function isNetworks({ group, kind }: AuthenticationRef): boolean {
  return group === own && kind === 'NetworkAuthentication';
}

export const authorizationPolicy = z
  .looseObject({
    metadata,
    spec: z.strictObject({ targetRef, requiredAuthenticationRefs: z.array(authenticationRef) }),
  })
  .superRefine(
    ({ metadata: { namespace }, spec: { targetRef: target, requiredAuthenticationRefs: refs } }, context) => {
      const say = (message: string): void => context.addIssue({ code: 'custom', path: ['spec'], message });
      if (target.kind === 'Namespace' && target.name !== namespace)
        say(`cannot target another namespace: ${target.name}`);
      if (refs.filter(isIdentities).length > 1) say('only one MeshTLSAuthentication or ServiceAccount may be required');
      if (refs.filter(isNetworks).length > 1) say('only a single NetworkAuthentication may be required');
      const other = refs.find((each) => !isIdentities(each) && !isNetworks(each));
      if (other !== undefined) say(`unsupported authentication kind ${other.kind}`);
    },
  );
export type AuthorizationPolicyObject = z.infer<typeof authorizationPolicy>;

/** A DNS name, `*` for any, `*.` for all below a name. */
const identity = z
  .string()
  .regex(/^(\*|(\*\.)?[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?(\.[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?)*\.?)$/, 'no identity');
const identityRef = z
  .strictObject({
    group: z.string().default(''),
    kind: z.enum(['ServiceAccount', 'Namespace']),
    name: filled.optional(),
    namespace: filled.optional(),
  })
  .superRefine(({ group, kind, namespace }, context) => {
    if (group !== '') context.addIssue({ code: 'custom', message: `invalid identity target ${kind}.${group}` });
    if (kind === 'Namespace' && namespace !== undefined)
      context.addIssue({ code: 'custom', message: 'a Namespace is cluster-scoped and has no namespace' });
  });

export const meshTlsAuthentication = z.looseObject({
  metadata,
  spec: z
    .strictObject({
      identities: z.array(identity).min(1).optional(),
      identityRefs: z.array(identityRef).min(1).optional(),
    })
    .refine(
      ({ identities, identityRefs }) => (identities === undefined) !== (identityRefs === undefined),
      'takes either identities or identityRefs',
    ),
});
export type MeshTlsAuthenticationObject = z.infer<typeof meshTlsAuthentication>;

const networkText = z.string().refine((text) => rangeOf(text) !== null, 'not a network');
function rangeOf(text: string): ReturnType<typeof parseNetwork> {
  const address = parseAddress(text);
  return address === null ? parseNetwork(text) : single(address);
}

export const networkAuthentication = z.looseObject({
  metadata,
  spec: z.strictObject({
    networks: z
      .array(
        z
          .strictObject({ cidr: networkText, except: z.array(networkText).nullish() })
          .superRefine(({ cidr, except }, context) => {
            const range = rangeOf(cidr);
            for (const text of except ?? []) {
              const hole = rangeOf(text);
              if (range === null || hole === null) continue;
              if (covers(hole, range))
                context.addIssue({ code: 'custom', message: `${cidr} is completely negated by exception ${text}` });
              else if (!covers(range, hole))
                context.addIssue({ code: 'custom', message: `${cidr} does not include exception ${text}` });
            }
          }),
      )
      .min(1, 'at least one network must be specified'),
  }),
});
export type NetworkAuthenticationObject = z.infer<typeof networkAuthentication>;
