import { z } from 'zod';
import { memberships } from '#kubernetes/mesh-members.ts';

const name = z.string().regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'not a name');

export const options = z.strictObject({
  form: z
    .enum(['sidecar', 'ambient'])
    .default('sidecar')
    .describe('where policies are enforced: at sidecars, or at ztunnel (and --waypoint) in ambient mode'),
  mode: z
    .enum(['dry-run', 'enforce'])
    .default('dry-run')
    .describe('dry-run: annotated so that proxies only tell what they would refuse; judged as if enforced'),
  waypoint: name
    .optional()
    .describe("ambient: the Gateway, in each server's namespace, that mesh clients' calls of Services pass"),
  trustDomain: name.default('cluster.local').describe("the mesh's own trust domain"),
  trustDomainAlias: z.array(name).default([]).describe('other trust domains that are its own, too'),
  rootNamespace: name.default('istio-system').describe('where policies for the whole mesh live'),
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
    .describe('add a policy for each namespace that lets nothing through which no other policy lets through'),
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
  .pick({
    form: true,
    mode: true,
    waypoint: true,
    trustDomain: true,
    trustDomainAlias: true,
    rootNamespace: true,
    members: true,
  })
  .strip();
export type Reading = z.infer<typeof readingOptions>;
