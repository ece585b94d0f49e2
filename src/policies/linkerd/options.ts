import { z } from 'zod';
import { memberships } from '#kubernetes/mesh-members.ts';

const name = z.string().regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'not a name');

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
  trustDomain: name.default('cluster.local').describe("the mesh's own identity trust domain"),
  controlNamespace: name.default('linkerd').describe('the namespace of the control plane, a part of identities'),
  members: z
    .enum(memberships)
    .optional()
    .describe(
      "which pods are in the mesh: those with its labels, or all but those in their node's network; by default labelled where any pod is",
    ),
  l7: z.boolean().default(false).describe('where requests were seen, let their methods and paths alone through'),
  denyDefault: z
    .boolean()
    .default(false)
    .describe('add a patch for each workload that sets the policy of its ports without a Server: audit, or deny'),
  output: z
    .enum(['yaml', 'json'])
    .default('yaml')
    .describe('yaml with the evidence as comments, or one JSON object a line'),
  allowLoss: z
    .boolean()
    .default(false)
    .describe('go ahead with recordings that lost flows or were cut; the notes say so'),
});
export type Options = z.infer<typeof options>;

/** What reading a policy depends on besides its text. */
export const readingOptions = options
  .pick({ mode: true, defaultInboundPolicy: true, trustDomain: true, controlNamespace: true, members: true })
  .strip();
export type Reading = z.infer<typeof readingOptions>;
