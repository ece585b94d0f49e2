import { z } from 'zod';
import { parseNetwork } from '#kubernetes/addresses.ts';

export const options = z.strictObject({
  form: z
    .enum(['custom', 'override'])
    .default('custom')
    .describe(
      'custom: a rules file; override: besides it one that replaces only lists, macros and exceptions of it, so that changed priorities and outputs stay',
    ),
  exact: z
    .boolean()
    .default(false)
    .describe('no patterns: only the very names that were seen, whatever changes from run to run'),
  fold: z.coerce
    .number()
    .int()
    .min(2)
    .default(50)
    .describe('how many files of one folder are named one by one; more become a pattern, never in sensitive places'),
  clusterNetwork: z
    .array(z.string().refine((text) => parseNetwork(text) !== null, 'takes a network such as 10.0.0.0/8'))
    .default([])
    .describe(
      "where pods and services have their addresses; by default the port alone is compared of what goes to the cluster's own",
    ),
  metadata: z
    .enum(['present', 'missing'])
    .default('present')
    .describe("how the rules are judged: with Kubernetes' metadata, or where Falco has none of it"),
  allowLoss: z
    .boolean()
    .default(false)
    .describe('go ahead with a recording that lost facts or was cut; the notes say so'),
});
export type Options = z.infer<typeof options>;
