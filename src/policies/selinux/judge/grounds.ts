/** Why a permission stands in a policy although no observation shows it: what the kernel asks beside what a recorder sees. */
import { leftToBase } from './base.ts';
import type { Policy } from './policy.ts';

/** By class: what is asked along with any of the permissions before the colon. */
const along: Readonly<Record<string, readonly (readonly [having: string, beside: string, why: string])[]>> = {
  file: [
    ['read', 'getattr ioctl lock map open', 'a file that is read is also looked at, locked, mapped'],
    ['rename', 'unlink', 'a file that takes a name may replace another'],
    ['write append create', 'getattr ioctl lock open append', 'a file that is written is also looked at and locked'],
    ['execute', 'getattr map open read', 'a program that is run is read and mapped'],
    ['entrypoint', 'execute getattr map open read', 'the program that a container starts with is read and mapped'],
  ],
  dir: [
    ['search', 'getattr', 'the way to a file'],
    ['read', 'getattr ioctl lock open search', 'a directory that is listed is opened and looked at'],
    ['rename', 'reparent rmdir', 'a directory that takes a name may replace another, elsewhere'],
    ['write', 'getattr open search remove_name', 'a directory whose entries change is looked at'],
  ],
  chr_file: [['read write append', 'getattr ioctl lock open', 'a device is also looked at and controlled']],
  fifo_file: [['read write append', 'getattr ioctl lock open', 'a pipe is also looked at']],
  sock_file: [['write', 'getattr open', 'a socket is also looked at']],
  key: [['search write', 'link read search setattr view write', 'what a call does with a key is not recorded']],
  perf_event: [['open', 'cpu kernel read tracepoint write', 'what a call measures is not recorded']],
  anon_inode: [['create', 'getattr ioctl map read', 'a descriptor that is made is used']],
};
const socket = 'accept append bind connect getattr getopt ioctl listen read sendto setopt shutdown write';
const self: readonly (readonly [kind: string, permissions: string, why: string])[] = [
  [
    'process',
    'fork getattr getcap getpgid getsched getsession setpgid sigchld siginh sigkill signal signull sigstop',
    'processes of one program do this to one another, and it shows in no recording',
  ],
  ['fd', 'use', 'a program uses the descriptors that it inherits'],
  ['fifo_file', 'append getattr ioctl lock open read write', 'pipes within a program have its own type'],
  ['dir', 'getattr ioctl lock open read search', 'a process finds itself below /proc'],
  ['file', 'append getattr ioctl lock open read write', 'a process finds itself below /proc'],
  ['lnk_file', 'getattr read', 'a process finds itself below /proc'],
  [
    'unix_stream_socket',
    `${socket} connectto create`,
    'pairs of sockets within a program are seen by no recorder of old',
  ],
  ['unix_dgram_socket', `${socket} create`, 'pairs of sockets within a program are seen by no recorder of old'],
];

export function groundOf(
  policy: Policy,
  permission: string,
  granted: readonly string[],
  domain: string,
): string | null {
  const [source = '', target = '', kind = '', word = ''] = permission.split(' ');
  if (!policy.types.has(source)) return `${source} starts the program`;
  if (kind === 'fd' && word === 'use') return 'a program uses the descriptors that it inherits';
  if (policy.open && leftToBase(policy, source, target === 'self' ? source : target, kind, word) !== null)
    return 'the node gives it to every process';
  if (granted.includes(`${target} ${source} process transition`))
    return `${target} starts the program and hears of its end`;
  if (target === 'container_ro_file_t' && kind === 'file')
    return "an image's layers below overlayfs are checked when memory is protected anew";
  if (kind === 'filesystem' && word === 'getattr') return 'a call about a file system does not tell which';
  if (/^(shm|sem|msgq)$/.test(kind) && (target === 'self' || target === source))
    return 'memory and semaphores of System V that a program makes are its own';
  if (
    kind === 'chr_file' &&
    'append getattr ioctl read write'.split(' ').includes(word) &&
    granted.includes(`${source} ${target} file entrypoint`)
  )
    return 'a terminal, or the /dev/null that the runtime hands over';
  if (kind === 'lnk_file' && (word === 'read' || word === 'getattr'))
    return 'names on the way may be links, which a resolved path does not show';
  const having = (one: string): boolean => granted.includes(`${source} ${target} ${kind} ${one}`);
  if (target === 'self' || target === source) {
    const found = self.find(([of, words]) => of === kind && words.split(' ').includes(word));
    if (found !== undefined) return found[2];
  }
  if (
    kind.endsWith('_socket') &&
    word !== 'create' &&
    having('create') &&
    `${socket} nlmsg_read`.split(' ').includes(word)
  )
    return 'a socket that is made is used';
  const found = along[kind]?.find(([any, beside]) => beside.split(' ').includes(word) && any.split(' ').some(having));
  if (found !== undefined) return found[2];
  if (word === 'entrypoint' && source === domain) return 'what a container starts with is part of its image';
  return null;
}
