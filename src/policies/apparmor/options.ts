import { z } from 'zod';

export const options = z.strictObject({
  output: z
    .enum(['text', 'yaml', 'both'])
    .default('both')
    .describe(
      'text: the profile as a node loads it; yaml: an AppArmorProfile of the Security Profiles Operator, where that can say it; both: in a folder the one beside the other',
    ),
  mode: z
    .enum(['enforce', 'complain'])
    .default('enforce')
    .describe('complain: refuse nothing, log what would be; the first step to enforcement'),
  children: z
    .enum(['inherit', 'profile'])
    .default('inherit')
    .describe(
      'programs that the container starts run under the same profile, or each under one of its own, which needs a container that may gain privileges (no noNewPrivileges)',
    ),
  exact: z
    .boolean()
    .default(false)
    .describe('no patterns: only the very paths that were seen, whatever changes from run to run'),
  fold: z.coerce
    .number()
    .int()
    .min(2)
    .default(50)
    .describe('how many files of one folder are named one by one; more become a pattern, never in sensitive places'),
  rlimits: z
    .boolean()
    .default(false)
    .describe('limit what was seen to be limited (set rlimit); without such rules a profile refuses no limit'),
  allowLoss: z
    .boolean()
    .default(false)
    .describe('go ahead with a recording that lost facts or was cut; the notes say so'),
});
export type Options = z.infer<typeof options>;
