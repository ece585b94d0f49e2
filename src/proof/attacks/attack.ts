/** What an attacker does once he runs code in a container, as the observations that it would leave. */
import type { FileAccess, Observation } from '#observation/observation.ts';

type Distributed<T> = T extends unknown ? Omit<T, 'container' | 'phase' | 'program' | 'seen'> : never;
/** One thing that a policy can refuse; system calls by name, since their numbers differ. */
export type Act =
  | Distributed<Exclude<Observation, { type: 'usage' | 'syscall' | 'syscall-denied' }>>
  | { readonly type: 'call'; readonly name: string };

export interface Attack {
  readonly id: string;
  readonly title: string;
  /** Where it is described. */
  readonly source: string;
  /** All are needed; of a list one is enough. One that is refused stops the attack. */
  readonly acts: readonly (Act | readonly Act[])[];
}

export const call = (name: string): Act => ({ type: 'call', name });

const file = (path: string, access: FileAccess, kind: 'file' | 'socket' | 'char' | 'block' = 'file'): Act => ({
  type: 'file',
  path,
  access,
  resolution: 'exact',
  kind,
  // Whoever attacks runs as the workload does; files of the system are others'.
  owner: false,
});

export const reads = (path: string): Act => file(path, 'read');
export const writes = (path: string): Act => file(path, 'write');
export const creates = (path: string): readonly Act[] => [file(path, 'create'), file(path, 'write')];
export const removes = (path: string): Act => file(path, 'unlink');
/** A socket in the file system is written to by who connects. */
export const connects = (path: string): Act => file(path, 'write', 'socket');
export const readsDevice = (path: string, kind: 'char' | 'block'): Act => file(path, 'read', kind);

export const executes = (path: string): readonly (Act | readonly Act[])[] => [
  {
    type: 'exec',
    path,
    calledAs: path,
    parent: null,
    argv: [path],
    argvCut: false,
    uid: 0,
    gid: 0,
  },
  [call('execve'), call('execveat')],
];

export const takesOver = (path: string): Act => file(path, 'chown');
/** To another process of the container. */
export const attaches: Act = {
  type: 'ptrace',
  direction: 'trace',
  access: 'attach',
  other: { type: 'container', program: null },
};

export const uses = (capability: string): Act => ({
  type: 'capability',
  name: `CAP_${capability}`,
  granted: true,
  syscall: null,
  filtered: true,
});

export const socket = (family: string, kind: string, protocol = 0): Act => ({ type: 'socket', family, kind, protocol });

export const sends = (ip: string, port: number, protocol: 'tcp' | 'udp' = 'tcp'): Act => ({
  type: 'flow',
  direction: 'egress',
  protocol,
  port,
  peer: { type: 'address', ip },
  outcome: 'established',
});
