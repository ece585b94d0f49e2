import { z } from 'zod';

const actions = ['ERRNO', 'LOG', 'KILL', 'KILL_PROCESS', 'KILL_THREAD', 'TRAP', 'TRACE', 'ALLOW'] as const;
const architectures = ['x86_64', 'x86', 'x32', 'aarch64', 'arm'] as const;

const runtime = z
  .enum(['runc', 'crun', 'none'])
  .default('runc')
  .describe('add what this container runtime itself needs');

/** Other options may come along: they were the generator's. */
export const readingOptions = z.object({ runtime });

const known = {
  output: z
    .enum(['json', 'yaml'])
    .default('json')
    .describe('json: the profile as a node has it (OCI); yaml: a SeccompProfile of the Security Profiles Operator'),
  defaultAction: z
    .string()
    .transform((text) => text.replace(/^SCMP_ACT_/, ''))
    .pipe(z.enum(actions))
    .optional()
    .describe(
      `what happens to other calls, by default SCMP_ACT_ERRNO: ${actions.map((name) => `SCMP_ACT_${name}`).join(', ')}`,
    ),
  logOnly: z.boolean().default(false).describe('refuse nothing, log it: SCMP_ACT_LOG, the first step to enforcement'),
  arch: z
    .array(z.enum(architectures))
    .default([])
    .describe('architectures of the profile; by default those that were observed'),
  runtime,
  nnp: z
    .enum(['any', 'true', 'false'])
    .default('any')
    .describe(
      'noNewPrivileges of the container (allowPrivilegeEscalation: false in a pod), on which the needs of the runtime depend',
    ),
  allowLoss: z
    .boolean()
    .default(false)
    .describe('go ahead with a recording that lost facts or was cut; the notes say so'),
};

export const options = z
  .strictObject(known)
  .refine(({ logOnly, defaultAction = 'LOG' }) => !logOnly || defaultAction === 'LOG', {
    path: ['logOnly'],
    message: 'means --default-action SCMP_ACT_LOG; give one of the two',
  });
export type Options = z.infer<typeof options>;
