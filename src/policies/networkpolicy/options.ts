import { z } from 'zod';
import { dialects } from './judge/read/policies.ts';

export const types = ['kubernetes', 'cilium', 'cilium-clusterwide', 'calico', 'cluster-network-policy'] as const;
export type PolicyType = (typeof types)[number];

const unit: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `7d`, `12h`, `30m` before the last observation, or a date. */
const since = z
  .string()
  .regex(/^\d+[mhd]$|^\d{4}-\d{2}-\d{2}(T[0-9:.]+Z)?$/, 'takes a time such as 7d, 12h or 2026-01-31')
  .refine((text) => !Number.isNaN(sinceTime(text, 0)), 'takes a time such as 7d, 12h or 2026-01-31')
  .optional();

/** Milliseconds since the epoch before which nothing counts; null when everything does. */
export function sinceTime(text: string | undefined, last: number): number | null {
  if (text === undefined) return null;
  const [, count, letter = ''] = /^(\d+)([mhd])$/.exec(text) ?? [];
  return count === undefined ? Date.parse(text) : last - Number(count) * (unit[letter] ?? 0);
}

export const options = z.strictObject({
  type: z
    .enum(types)
    .optional()
    .describe(
      'which API the policies are of; by default cilium or calico where the cluster serves it, else kubernetes',
    ),
  output: z
    .enum(['yaml', 'json'])
    .default('yaml')
    .describe('yaml with the evidence as comments, or one JSON object a line'),
  direction: z.enum(['both', 'ingress', 'egress']).default('both').describe('which directions are isolated'),
  since: since.describe('only what was last seen within 7d, 12h or since 2026-01-31'),
  minObservations: z.coerce.number().int().min(1).default(1).describe('only what was seen at least this many times'),
  external: z
    .enum(['exact', 'aggregate', 'fqdn'])
    .default('exact')
    .describe('addresses outside: each one; from 8 on in a /24 (IPv6: /64) the network; or by name where the type can'),
  denyDefault: z.boolean().default(false).describe('add a policy that isolates everything else in the namespaces'),
  l7: z
    .boolean()
    .default(false)
    .describe(
      'where requests were seen, let their methods and paths alone through, and of DNS the names asked for (Cilium)',
    ),
  audit: z
    .boolean()
    .default(false)
    .describe('the form that is watched before it is enforced: staged (Calico), without default deny (Cilium)'),
  allowLoss: z
    .boolean()
    .default(false)
    .describe('go ahead with recordings that lost flows or were cut; the notes say so'),
  dialect: z
    .enum(dialects)
    .optional()
    .describe(
      'how implementations read what Kubernetes leaves open; by default cilium where its policies stand, else ipblock-matches-pods',
    ),
});
export type GivenOptions = z.infer<typeof options>;
/** With the type that was found where none was given. */
export type Options = GivenOptions & { readonly type: PolicyType };
