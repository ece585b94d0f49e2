/** One line of `kguardian evaluate falco`: something that happens in a container. */
import { z } from 'zod';

const value = z.union([z.string(), z.number(), z.boolean()]);

/** Left out: one that every rule of the file is about. */
const container = z
  .strictObject({
    namespace: z.string().optional(),
    pod: z.string().optional(),
    name: z.string().optional(),
    image: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
  })
  .optional();
const path = z.string().min(1);

export const query = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('exec'), container, path, uid: z.int().nonnegative().optional() }),
  z.strictObject({
    op: z.literal('file'),
    container,
    path,
    access: z.enum(['read', 'write', 'unlink', 'mkdir', 'rmdir', 'chmod', 'chown', 'rename-to', 'link-to', 'symlink']),
  }),
  /** A socket in the file system. */
  z.strictObject({ op: z.literal('unix'), container, path }),
  z.strictObject({
    op: z.literal('connect'),
    container,
    ip: z.union([z.ipv4(), z.ipv6()]),
    port: z.int().min(0).max(65_535),
    protocol: z.enum(['tcp', 'udp']).default('tcp'),
  }),
  z.strictObject({
    op: z.literal('listen'),
    container,
    port: z.int().min(0).max(65_535),
    protocol: z.enum(['tcp', 'udp']).default('tcp'),
  }),
  /** A system call, by its name alone. */
  z.strictObject({ op: z.literal('call'), container, name: z.string().min(1) }),
  /** Any event by its own fields, as Falco's output has them; what is not given is not known, but that it is no probe. */
  z.strictObject({
    op: z.literal('event'),
    container,
    type: z.string().min(1),
    fields: z.record(z.string(), value.nullable()),
  }),
]);
export type Query = z.infer<typeof query>;
