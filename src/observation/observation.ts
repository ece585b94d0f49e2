/**
 * What can be seen of a container, one fact each, resolved while it is fresh.
 *
 * These schemas are the only description of an observation: recordings, uploads and the types
 * below all come from them. Strings from workloads (paths, arguments, DNS names) are bytes to the
 * kernel; bytes that are not UTF-8 are carried as lone surrogates U+DC80…U+DCFF, one per byte, so
 * that no path is lost or merged with another (see `text.ts`).
 */
import { z } from 'zod';
import { workload } from '#kubernetes/workload.ts';
import { architecture, common, millisecondsSinceEpoch, type phase, type sighting } from './fact.ts';
import { mount, ptrace, rlimit, signal, socket } from './operations.ts';

export { architecture, phase, sighting } from './fact.ts';

export const protocol = z.enum(['tcp', 'udp', 'sctp', 'icmp', 'icmpv6']);

const port = z.int().min(0).max(65_535);
const ip = z.union([z.ipv4(), z.ipv6()]);

const systemCall = {
  arch: architecture,
  nr: z.int().min(0).max(0xffff_ffff),
  /** Null for a number that our table has no name for. It stays visible as a number. */
  name: z.string().min(1).nullable(),
};

export const syscall = z.strictObject({ type: z.literal('syscall'), ...common, ...systemCall });

/** A call that a seccomp filter refused: an errno came back, or a signal ended the task. */
export const syscallDenied = z.strictObject({
  type: z.literal('syscall-denied'),
  ...common,
  ...systemCall,
  outcome: z.union([z.strictObject({ errno: z.int().positive() }), z.strictObject({ signal: z.int().positive() })]),
});

/** A program that was started. `program` is the one that called exec. */
export const execution = z.strictObject({
  type: z.literal('exec'),
  ...common,
  /** The executable that runs, resolved. For a script this is its interpreter. */
  path: z.string(),
  /** The name that exec was called with (a script's own path, say), as written by the caller. */
  calledAs: z.string(),
  /** The executable of the parent process; null when unknown. */
  parent: z.string().nullable(),
  /** The first arguments, at most 16 and 1,024 bytes; `argvCut` when there were more. */
  argv: z.array(z.string()),
  argvCut: z.boolean(),
  uid: z.int().nonnegative(),
  gid: z.int().nonnegative(),
});

/** A process that ended. */
export const exit = z.strictObject({
  type: z.literal('exit'),
  ...common,
  outcome: z.union([z.strictObject({ code: z.int().nonnegative() }), z.strictObject({ signal: z.int().positive() })]),
});

/** A lock's end and the question for one are a `lock` too; an exclusive one is besides asked for as a `write`. */
export const fileAccess = z.enum([
  'read',
  'write',
  'append',
  'create',
  'truncate',
  'list',
  'map-executable',
  'execute',
  'mkdir',
  'unlink',
  'rmdir',
  'rename-from',
  'rename-to',
  'link-from',
  'link-to',
  'symlink',
  'mknod',
  'chmod',
  'chown',
  'mount',
  'unmount',
  'lock',
]);

export const file = z.strictObject({
  type: z.literal('file'),
  ...common,
  /** Absolute in the container's own view when `resolution` is `exact`. */
  path: z.string(),
  access: fileAccess,
  /**
   * - `exact`: walked in the kernel, or every symlink on the way was followed.
   * - `literal`: as the caller wrote it; it could not be resolved any more.
   * - `cut`: longer than the recorder carries. Never becomes a rule.
   * - `detached`: no absolute path exists (memfd, deleted, detached mount).
   */
  resolution: z.enum(['exact', 'literal', 'cut', 'detached']),
  kind: z.enum(['file', 'directory', 'symlink', 'socket', 'fifo', 'char', 'block', 'unknown']),
  /** Whether the process's fsuid owned the file; null when not known. */
  owner: z.boolean().nullable(),
});

/** An open that did not succeed. Kept apart: it never becomes a permission. */
export const fileFailed = z.strictObject({
  type: z.literal('file-failed'),
  ...common,
  path: z.string(),
  errno: z.int().positive(),
});

export const capability = z.strictObject({
  type: z.literal('capability'),
  ...common,
  /** Upper case with prefix, `CAP_NET_BIND_SERVICE`; `CAP_<number>` when newer than our table. */
  name: z.string().regex(/^CAP_[A-Z0-9_]+$/),
  granted: z.boolean(),
  /** The system call in which the kernel asked; null when it asked outside of one. */
  syscall: z.string().nullable(),
  /** False when the kernel's stack could not be read, so that a probing check may be among them. */
  filtered: z.boolean(),
});

/**
 * The other end of a flow, after any translation of addresses.
 * - `workload`: a pod of it, in a network namespace of its own.
 * - `node`: a node's own address: what runs on the host, pods of the host's network among it.
 * - `api-server`: an endpoint of the API server.
 * - `address`: outside of the cluster, or without one; `names` led to it, as DNS answers told this container.
 * - `unresolved`: an address of the cluster that nobody could name. A state of its own, never a default.
 */
export const peer = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('workload'), workload }),
  z.strictObject({ type: z.literal('node'), node: z.string(), ip }),
  z.strictObject({ type: z.literal('api-server'), ip }),
  z.strictObject({ type: z.literal('address'), ip, names: z.array(z.string()).optional() }),
  z.strictObject({ type: z.literal('unresolved'), ip }),
]);

export const flow = z.strictObject({
  type: z.literal('flow'),
  ...common,
  direction: z.enum(['ingress', 'egress']),
  protocol,
  /** The server's port: the peer's for egress, our own for ingress. Null where the protocol has none. */
  port: port.nullable(),
  /** Of ICMP, where the recorder tells: 8 is an echo request. */
  icmpType: z.int().min(0).max(255).optional(),
  peer,
  /** The request that it carried, where the recorder reads the application's protocol: one fact for each. */
  http: z.strictObject({ method: z.string(), path: z.string() }).optional(),
  /**
   * Of ingress: who the client proved to be to the mesh, as the mesh writes it (`spiffe://cluster.local/ns/shop/sa/web`,
   * `web.shop.serviceaccount.identity.linkerd.cluster.local`); null where it came without. Absent where nobody told.
   */
  identity: z.string().min(1).max(2048).nullable().optional(),
  /** The Service that was dialled, where one stood between: its own port, not the pod's. */
  service: z.strictObject({ namespace: z.string(), name: z.string(), port }).optional(),
  /** `attempted` is all that a connect tells; `established` was seen by the socket's state or by data. */
  outcome: z.enum(['attempted', 'established', 'failed']),
});

export const listen = z.strictObject({
  type: z.literal('listen'),
  ...common,
  protocol,
  ip,
  port,
});

export const dns = z.strictObject({
  type: z.literal('dns'),
  ...common,
  server: ip,
  name: z.string(),
  question: z.string(),
  rcode: z.string(),
  /** The addresses that the name led to, through any CNAMEs, sorted. */
  addresses: z.array(ip),
  /** The names on the way, in order, without the asked one. */
  aliases: z.array(z.string()),
  ttlSeconds: z.int().nonnegative(),
});

/** One sample of a cgroup. Null: the kernel does not tell here (no controller, or an older kernel). */
export const usage = z.strictObject({
  type: z.literal('usage'),
  container: z.string().min(1),
  at: millisecondsSinceEpoch,
  cpuMicroseconds: z.int().nonnegative().nullable(),
  cpuPeriods: z.int().nonnegative().nullable(),
  cpuThrottledPeriods: z.int().nonnegative().nullable(),
  memoryBytes: z.int().nonnegative().nullable(),
  workingSetBytes: z.int().nonnegative().nullable(),
  memoryPeakBytes: z.int().nonnegative().nullable(),
  oomKills: z.int().nonnegative().nullable(),
});

export const observation = z.discriminatedUnion('type', [
  syscall,
  syscallDenied,
  execution,
  exit,
  file,
  fileFailed,
  capability,
  flow,
  listen,
  socket,
  signal,
  ptrace,
  mount,
  rlimit,
  dns,
  usage,
]);

export type Sighting = Readonly<z.infer<typeof sighting>>;
export type Architecture = z.infer<typeof architecture>;
export type Phase = z.infer<typeof phase>;
export type Protocol = z.infer<typeof protocol>;
export type FileAccess = z.infer<typeof fileAccess>;
export type Peer = Readonly<z.infer<typeof peer>>;
export type Observation = Readonly<z.infer<typeof observation>>;
/** The observation of one type: `ObservationOf<'syscall'>`. */
export type ObservationOf<T extends Observation['type']> = Extract<Observation, { type: T }>;
