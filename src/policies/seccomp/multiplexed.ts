/**
 * On 32-bit x86 the socket and System V calls also exist as one call with the operation's number as its
 * first argument. libseccomp makes a rule for `connect` hold for both ways (its sys_x86 tables; the
 * numbers are those of linux/net.h and linux/ipc.h).
 */
const socketcall = [
  'socket',
  'bind',
  'connect',
  'listen',
  'accept',
  'getsockname',
  'getpeername',
  'socketpair',
  'send',
  'recv',
  'sendto',
  'recvfrom',
  'shutdown',
  'setsockopt',
  'getsockopt',
  'sendmsg',
  'recvmsg',
  'accept4',
  'recvmmsg',
  'sendmmsg',
];
const ipc: Readonly<Record<string, number>> = {
  semop: 1,
  semget: 2,
  semctl: 3,
  semtimedop: 4,
  msgsnd: 11,
  msgrcv: 12,
  msgget: 13,
  msgctl: 14,
  shmat: 21,
  shmdt: 22,
  shmget: 23,
  shmctl: 24,
};

/** The multiplexing call and its first argument; null for a call of its own. */
export function multiplexed(name: string): { readonly call: 'socketcall' | 'ipc'; readonly operation: bigint } | null {
  const at = socketcall.indexOf(name);
  if (at >= 0) return { call: 'socketcall', operation: BigInt(at + 1) };
  const operation = ipc[name];
  return operation === undefined ? null : { call: 'ipc', operation: BigInt(operation) };
}
