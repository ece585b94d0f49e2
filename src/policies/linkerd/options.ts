import { z } from 'zod';
import { meshName, meshOptions } from '../mesh-options.ts';

/** What a Server lets through beside its authorizations, and a port without one. */
export const accessPolicies = [
  'deny',
  'audit',
  'all-unauthenticated',
  'all-authenticated',
  'cluster-unauthenticated',
  'cluster-authenticated',
] as const;
export type AccessPolicy = (typeof accessPolicies)[number];

export const options = z.strictObject({
  ...meshOptions.shape,
  mode: z
    .enum(['audit', 'enforce'])
    .default('audit')
    .describe('audit: Servers let through and log what no authorization is for; judged as if enforced'),
  defaultInboundPolicy: z
    .enum(accessPolicies)
    .optional()
    .describe(
      'what ports without a Server let through (config.linkerd.io/default-inbound-policy); not known by default',
    ),
  trustDomain: meshName.default('cluster.local').describe("the mesh's own trust domain"),
  controlNamespace: meshName.default('linkerd').describe('the namespace of the control plane, a part of identities'),
  denyDefault: z
    .boolean()
    .default(false)
    .describe('add a patch for each workload that sets the policy of its ports without a Server: audit, or deny'),
});
export type Options = z.infer<typeof options>;

/** What reading a policy depends on besides its text. */
export const readingOptions = options
  .pick({ mode: true, defaultInboundPolicy: true, trustDomain: true, controlNamespace: true, members: true })
  .strip();
export type Reading = z.infer<typeof readingOptions>;
