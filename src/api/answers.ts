/** What the broker answers, apart from recordings. */
import { z } from 'zod';
import { observation } from '#observation/observation.ts';
import { sensor } from '#observation/recording.ts';

const milliseconds = z.int().nonnegative().describe('milliseconds since the epoch');
const count = z.int().nonnegative();

export const problem = z.strictObject({ error: z.string().describe('one sentence') });

export const accepted = z.strictObject({
  containers: count,
  observations: count.describe('different ones, after merging those of one body'),
  new: count.describe('rows that said something the broker did not know; 0 for a repeat'),
});

/** One container of one workload. */
export const containerName = z.strictObject({
  cluster: z.string(),
  namespace: z.string(),
  kind: z.string(),
  workload: z.string(),
  container: z.string(),
});

export const status = z.strictObject({
  ...containerName.shape,
  since: milliseconds,
  until: milliseconds,
  instances: count.describe('runs that were observed'),
  fromStart: count.describe('how many of them from their first instruction'),
  lost: count.describe('facts that were dropped after they were seen'),
  sensors: z.array(
    z.strictObject({
      sensor,
      state: z.enum(['ran', 'unavailable']),
      hooks: z.array(z.string()).describe('the kernel hooks in use, or why there are none'),
      since: milliseconds,
      until: milliseconds,
      instances: count,
      lost: count,
      gaps: z.array(z.string()).describe('what it cannot see'),
    }),
  ),
  releases: z.array(
    z.strictObject({
      digest: z.string().nullable().describe('null where it is not known'),
      image: z.string().nullable(),
      since: milliseconds,
      until: milliseconds,
      instances: count,
    }),
  ),
});

export const workloads = z.strictObject({ workloads: z.array(status) });

const verdict = z.strictObject({
  verdict: z.enum(['allow', 'deny', 'unknown']),
  rule: z.string(),
  permission: z.string().optional(),
});

export const replayed = z.strictObject({
  allowed: count,
  denied: count,
  unknown: count,
  notGoverned: count,
  offences: z.array(z.strictObject({ observation, verdict })).describe('the first that were not allowed'),
  doubts: z.array(z.string()).describe('what the recordings may have missed'),
});

export const proof = z.strictObject({ proved: z.boolean(), ...replayed.shape });

/** One line for each unit that the kind writes for. */
export const generated = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('proved'),
    of: z.array(containerName),
    artifacts: z.array(z.strictObject({ path: z.string(), text: z.string(), proof: replayed })),
    notes: z.array(z.string()),
  }),
  z.strictObject({
    type: z.literal('refused'),
    of: z.array(containerName),
    artifacts: z
      .array(z.strictObject({ path: z.string(), proof: replayed }))
      .describe('they refuse what was observed; their text is not handed out'),
  }),
  z.strictObject({ type: z.literal('abstained'), of: z.array(containerName), reason: z.string() }),
]);

export const explanations = z.strictObject({
  explanations: z.array(
    z.strictObject({
      permission: z.string(),
      evidence: z
        .strictObject({
          first: milliseconds,
          last: milliseconds,
          count,
          phases: z.array(z.string()),
          programs: z.array(z.string()),
          instances: count,
          of: count,
        })
        .nullable(),
      ground: z.string().nullable(),
    }),
  ),
});

export type Status = Readonly<z.infer<typeof status>>;
export type ContainerName = Readonly<z.infer<typeof containerName>>;
export type GeneratedUnit = Readonly<z.infer<typeof generated>>;
