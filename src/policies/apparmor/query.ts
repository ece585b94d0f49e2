/** One line of `kguardian evaluate apparmor`: what a process under the profile may do. */
import { z } from 'zod';

const profile = z.string().min(1).optional().describe('which profile of the text; by default its first');
const path = z.string().min(1);

export const query = z.discriminatedUnion('op', [
  z.strictObject({
    op: z.literal('file'),
    profile,
    path,
    /** Of `rwamklx`, all at once. Directories end with a slash. */
    perms: z.string().regex(/^[rwamklx]+$/),
    /** Whether the process owns the file. */
    owner: z.boolean().default(false),
  }),
  z.strictObject({ op: z.literal('exec'), profile, path, owner: z.boolean().default(false) }),
  /** What a hard link leads to: `file` with `l` asks for the link itself. */
  z.strictObject({ op: z.literal('link-target'), profile, path, owner: z.boolean().default(false) }),
  z.strictObject({ op: z.literal('capability'), profile, name: z.string().min(1) }),
  z.strictObject({ op: z.literal('network'), profile, family: z.string().min(1), type: z.string().min(1) }),
  z.strictObject({
    op: z.literal('signal'),
    profile,
    direction: z.enum(['send', 'receive']),
    signal: z.string().min(1),
    /** The other's label: a profile's whole name, or `unconfined`. */
    peer: z.string().min(1),
  }),
  z.strictObject({
    op: z.literal('ptrace'),
    profile,
    access: z.enum(['trace', 'read', 'tracedby', 'readby']),
    peer: z.string().min(1),
  }),
  z.strictObject({
    op: z.enum(['mount', 'remount', 'umount']),
    profile,
    source: z.string().default(''),
    target: path,
    fstype: z.string().default(''),
    /** MS_ constants in lower case: `rdonly`, `bind`, `rec`. */
    flags: z.array(z.string()).default([]),
  }),
  z.strictObject({
    op: z.literal('rlimit'),
    profile,
    resource: z.string().min(1),
    hard: z.number().nonnegative().nullable(),
  }),
]);
export type Query = z.infer<typeof query>;
export type QueryOf<Op extends Query['op']> = Extract<Query, { op: Op }>;
