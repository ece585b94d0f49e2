/** A flow as a question: one line of `kguardian evaluate networkpolicy`, and what proofs enumerate. */
import { z } from 'zod';
import { parseAddress } from '#kubernetes/addresses.ts';

const endpoint = z
  .object({
    pod: z
      .string()
      .regex(/^[^/]+\/[^/]+$/, 'a pod is namespace/name')
      .optional(),
    ip: z
      .string()
      .refine((text) => parseAddress(text) !== null, 'not an address')
      .optional(),
    /** DNS names that were known for the address when the flow happened. */
    names: z.array(z.string()).optional(),
    /** For readers; the address tells. */
    entity: z.string().optional(),
  })
  .refine(({ pod, ip }) => (pod === undefined) !== (ip === undefined), 'an end is either a pod or an ip');

function byName(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(':');
      return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1).trim()];
    }),
  );
}

/** Other fields of a line are its writer's, and passed over. */
export const flowQuery = z
  .object({
    src: endpoint,
    dst: endpoint,
    port: z.int().min(0).max(65_535).nullish(),
    protocol: z.enum(['TCP', 'UDP', 'SCTP', 'ICMP', 'ICMPv6']),
    icmpType: z.int().min(0).max(255).optional(),
    http: z
      .object({
        method: z.string(),
        path: z.string(),
        host: z.string().optional(),
        /** By name, or as lines `Name: value`. */
        headers: z
          .union([z.record(z.string(), z.string()), z.array(z.string()).transform(byName)])
          .nullish()
          .transform((given) => given ?? undefined),
      })
      .optional(),
    dns: z.string().optional(),
  })
  .superRefine(({ port, protocol }, context) => {
    const needed = protocol !== 'ICMP' && protocol !== 'ICMPv6';
    if (needed && (port === undefined || port === null))
      context.addIssue({ code: 'custom', path: ['port'], message: `${protocol} needs a port` });
  });

export type FlowQuestion = z.infer<typeof flowQuery>;
