/** What readers ask about: whose recordings, which release, which time. */
import { z } from 'zod';
import { observation } from '#observation/observation.ts';

const milliseconds = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `7d` ago, or a time as RFC 3339 writes it. */
export const moment = z
  .union([z.iso.datetime({ offset: true }), z.string().regex(/^[1-9]\d{0,5}[smhd]$/)])
  .describe('a time (2026-11-26T00:00:00Z), or how long ago (7d, 12h, 30m)');

/** Milliseconds since the epoch. */
export function momentOf(text: string, now: number): number {
  const [, length, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  return unit === undefined ? Date.parse(text) : now - Number(length) * milliseconds[unit as keyof typeof milliseconds];
}

const factType = z.enum(observation.options.map(({ shape }) => shape.type.value));

export const scope = z.strictObject({
  namespace: z.string().min(1).optional().describe('without it all namespaces, for those who may read them all'),
  kind: z.string().min(1).optional().describe("the workload's kind, Deployment"),
  workload: z.string().min(1).optional().describe("the workload's name"),
  container: z.string().min(1).optional().describe("the container's name"),
  digest: z.string().min(1).optional().describe('of the image that ran: one release'),
  type: z
    .union([factType, z.array(factType).min(1)])
    .optional()
    .describe('only facts of this type; what is proved then is proved of these alone'),
  since: moment.optional().describe('only what was seen from then on; runs that began before have no known start'),
  until: moment.optional().describe('only what was seen up to then'),
});

export type Scope = Readonly<z.infer<typeof scope>>;
