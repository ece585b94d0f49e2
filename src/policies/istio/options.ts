import { z } from 'zod';
import { meshName, meshOptions } from '../mesh-options.ts';

export const options = z.strictObject({
  ...meshOptions.shape,
  form: z
    .enum(['sidecar', 'ambient'])
    .default('sidecar')
    .describe('where policies are enforced: at sidecars, or at ztunnel (and --waypoint) in ambient mode'),
  mode: z
    .enum(['dry-run', 'enforce'])
    .default('dry-run')
    .describe('dry-run: annotated so that proxies only tell what they would refuse; judged as if enforced'),
  waypoint: meshName
    .optional()
    .describe("ambient: the Gateway, in each server's namespace, that mesh clients' calls of Services pass"),
  trustDomain: meshName.default('cluster.local').describe("the mesh's own trust domain"),
  trustDomainAlias: z.array(meshName).default([]).describe('other trust domains that are its own, too'),
  rootNamespace: meshName.default('istio-system').describe('where policies for the whole mesh live'),
  denyDefault: z
    .boolean()
    .default(false)
    .describe('add a policy for each namespace that lets nothing through which no other policy lets through'),
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
