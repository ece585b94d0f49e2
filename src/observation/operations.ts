/** What a security module is asked about besides files and capabilities. */
import { z } from 'zod';
import { common } from './fact.ts';

/** A socket that was made. */
export const socket = z.strictObject({
  type: z.literal('socket'),
  ...common,
  /** The kernel's AF_ constant in lower case without the prefix: `inet`, `unix`, `netlink`; `family-<n>` when newer than our table. */
  family: z.string().regex(/^[a-z0-9_]+$|^family-\d+$/),
  /** Of SOCK_ constants likewise: `stream`, `dgram`, `raw`, `seqpacket`; `kind-<n>`. */
  kind: z.string().regex(/^[a-z0-9_]+$|^kind-\d+$/),
  /** As the call gave it; 0 is the family's own choice. */
  protocol: z.int().nonnegative(),
});

/** Who else took part: the process itself, another of the same container, or one outside of it (the runtime, the host). */
const other = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('self') }),
  z.strictObject({ type: z.literal('container'), program: z.string().nullable() }),
  z.strictObject({ type: z.literal('outside') }),
]);

/**
 * A signal that a process of the container sent, or one that came from outside. Within a container it is `send`, once;
 * what a session sends to the workload is besides received by it from outside. Signal 0 asks whether the other is
 * there: security modules are asked about it too. What the kernel itself sends nobody is asked about.
 */
export const signal = z.strictObject({
  type: z.literal('signal'),
  ...common,
  direction: z.enum(['send', 'receive']),
  signal: z.int().min(0).max(64),
  other,
});

/**
 * A process that was traced, or seen into, by another: `attach` for tracing, its memory and its open files, `read` for
 * what the kernel asks PTRACE_MODE_READ for. Directions as for signals.
 */
export const ptrace = z.strictObject({
  type: z.literal('ptrace'),
  ...common,
  direction: z.enum(['trace', 'traced']),
  access: z.enum(['read', 'attach']),
  other,
});

/** A mount that succeeded. `file` observations of access `mount` tell of its target too. */
export const mount = z.strictObject({
  type: z.literal('mount'),
  ...common,
  /** As the caller wrote it: a device, or a word that says nothing. With `bind` and `move` a path, as `target` is. */
  source: z.string(),
  /**
   * Absolute in the container's own view, its links followed; as the caller wrote it, with the folder that it is
   * relative to before it, where they could not be followed any more: the `file` observation says which it is.
   */
  target: z.string(),
  /** Empty where flags decide: bind, remount, move, propagation. */
  fstype: z.string(),
  /**
   * MS_ constants in lower case without the prefix, sorted: `bind`, `nosuid`, `rec`; `flag-<bit>` for one without a
   * name. `move` with a file system type: mounted by a handle (fsmount, move_mount), which security modules see so.
   */
  flags: z.array(z.string()),
});

/** A limit that a process set for itself or another. Null: none (RLIM_INFINITY). */
export const rlimit = z.strictObject({
  type: z.literal('rlimit'),
  ...common,
  /** The RLIMIT_ constant in lower case without the prefix: `nofile`. */
  resource: z.string().regex(/^[a-z0-9]+$/),
  soft: z.int().nonnegative().nullable(),
  hard: z.int().nonnegative().nullable(),
});
