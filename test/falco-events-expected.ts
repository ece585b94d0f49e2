/** Which rules tell of which attacks, in the engine of 2022 that test/falco-events.test.ts asks. */

/** What this engine does not tell of, and today's is asked to. */
export const older: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['take-descriptor', 'compare-processes', 'new-mount', 'io-uring', 'open-by-handle', 'io-ports', 'move-pages'].map(
      (id) => [id, 'it does not know the call'],
    ),
  ),
  'local-descriptor-table': 'it does not know the call',
  fileless: 'it does not know memfd_create, and tells of the program',
  vsock: 'it does not know the family',
  unmount: 'it calls umount2 umount',
  'change-owner': 'it shows no path of chown',
};

const program = 'Unexpected program';
const user = 'Unexpected user';
const write = 'Unexpected file written';
const change = 'Unexpected path changed';
const read = 'Unexpected sensitive file read';
const connect = 'Unexpected outbound connection';
const listen = 'Unexpected listening port';
const reach = 'Unexpected runtime socket reached';
const call = 'Unexpected privileged call';
const socket = 'Unexpected kind of socket';
/** In falco-events-attacker.py; empty: what the worker does too, what fails, or what no rule is about. */
export const expected: Readonly<Record<string, readonly string[]>> = {
  // The attacker's own start opens the file that its marks go to.
  nothing: [write],
  'run-program': [program],
  'run-copy': [program, write],
  'run-as-other-user': [user],
  'run-known': [],
  'write-cron': [write],
  'write-both-ways': [write],
  'write-appending': [write],
  'write-truncating': [write],
  'write-tmp': [write],
  'write-relative': [write],
  'write-dots': [write],
  'write-below-known': [write],
  'write-hostile': [write],
  'write-not-text': [write],
  'write-known': [],
  'write-known-hostile': [],
  'write-like-temporary': [],
  'write-refused': [],
  creat: [write],
  'read-shadow': [read],
  'read-known': [],
  'read-key': [change, read, write],
  // It reads its own, and numbers of processes change.
  'read-other-memory': [],
  'read-kallsyms': [read],
  'read-plain': [],
  'read-namespace': [read],
  'read-missing': [],
  'connect-other-port': [connect],
  'connect-other-address': [connect, listen],
  'connect-waiting': [connect],
  'connect-6': [connect, listen],
  'connect-6-mapped': [connect],
  'connect-known': [],
  // It has no address to compare: one that is known may be refused, too.
  'connect-refused': [],
  send: [connect],
  'send-known': [],
  'send-connected': [connect],
  listen: [listen],
  'listen-6': [listen],
  'listen-datagrams': [listen],
  'listen-any-datagrams': [],
  'docker-socket': [reach],
  'containerd-socket': [reach],
  'own-socket': [],
  'abstract-socket': [],
  'socket-raw': [socket],
  'socket-raw-inherited': [socket],
  'socket-packet': [socket],
  'socket-crypto': [socket],
  // This engine does not know the family.
  'socket-vsock': [],
  'socket-bluetooth': [socket],
  'socket-netlink-known': [],
  'call-chroot': [call],
  'call-unshare': [call],
  'call-ptrace': [call],
  'call-setns': [call],
  'call-mount': [call],
  'call-known': [],
  'call-under-runtime-name': [call],
  // What a false runtime does itself is silent, but not that it was put there and started.
  'run-under-runtime-name': [program, read, write],
  unlink: [change],
  rename: [change],
  mkdir: [change],
  rmdir: [change],
  chmod: [change],
  // This engine shows no path of it.
  chown: [],
  link: [change],
  symlink: [change],
  'unlink-missing': [],
  'chmod-known': [],
};
