/** The same as `needs.ts` for sockets, signals, tracing, mounts, limits and calls about processes. */
import type { Observation, ObservationOf } from '#observation/observation.ts';
import type { Labels } from './labels.ts';
import type { Actor, Need } from './needs.ts';

/** Classes of sockets by family, kind and protocol (socket_type_to_security_class). */
const netlink: Readonly<Record<number, string>> = {
  0: 'route',
  4: 'tcpdiag',
  5: 'nflog',
  6: 'xfrm',
  7: 'selinux',
  8: 'iscsi',
  9: 'audit',
  10: 'fib_lookup',
  11: 'connector',
  12: 'netfilter',
  14: 'dnrt',
  15: 'kobject_uevent',
  16: 'generic',
  18: 'scsitransport',
  20: 'rdma',
  21: 'crypto',
};
const calls: Readonly<Record<string, string>> = {
  fork: 'fork',
  vfork: 'fork',
  clone: 'fork',
  clone3: 'fork',
  setpgid: 'setpgid',
  getpgid: 'getpgid',
  getsid: 'getsession',
  capget: 'getcap',
  capset: 'setcap',
  sched_getaffinity: 'getsched',
  sched_getparam: 'getsched',
  sched_getscheduler: 'getsched',
  sched_getattr: 'getsched',
  sched_setaffinity: 'setsched',
  sched_setparam: 'setsched',
  sched_setscheduler: 'setsched',
  sched_setattr: 'setsched',
  setpriority: 'setsched',
  ioprio_set: 'setsched',
  ioprio_get: 'getsched',
};
const fileSystems: Readonly<Record<string, string>> = {
  tmpfs: 'tmpfs_t',
  proc: 'proc_t',
  sysfs: 'sysfs_t',
  devpts: 'devpts_t',
  cgroup2: 'cgroup_t',
};

export function otherNeedsOf(observation: Observation, actor: Actor, labels: Labels): readonly Need[] | null {
  switch (observation.type) {
    case 'syscall': {
      const permission = calls[observation.name ?? ''];
      return permission === undefined
        ? callNeeds(observation.name, actor.domain)
        : [self(actor.domain, 'process', permission)];
    }
    case 'flow':
      return observation.outcome === 'failed' ? null : flowNeeds(observation, actor.domain, labels);
    case 'listen':
      return listenNeeds(observation, actor.domain, labels);
    case 'socket':
      return [self(actor.domain, socketClass(observation), 'create')];
    case 'signal':
      return signalNeeds(observation, actor);
    case 'ptrace':
      if (observation.direction !== 'trace' || observation.other.type === 'outside') return null;
      return [
        observation.access === 'attach'
          ? { source: actor.domain, target: otherOf(observation, actor), class: 'process', permission: 'ptrace' }
          : { source: actor.domain, target: otherOf(observation, actor), class: 'file', permission: 'read' },
      ];
    case 'mount':
      return mountNeeds(observation, actor.domain, labels);
    case 'rlimit':
      return [self(actor.domain, 'process', 'setrlimit')];
    default:
      return null;
  }
}

/** The domain of the kernel's own tasks. */
const kernel = 'kernel_t';

/** What a call asks of something else than its own process. Where its arguments decide, which are not recorded, one of several. */
function callNeeds(call: string | null, domain: string): Need[] | null {
  switch (call) {
    // Keys have the context of who makes them.
    case 'add_key':
      return [self(domain, 'key', 'write')];
    case 'request_key':
      return [self(domain, 'key', 'search')];
    case 'keyctl':
      return [
        oneOf({ source: domain, target: domain, class: 'key' }, ['search', 'link', 'read', 'setattr', 'view', 'write']),
      ];
    case 'perf_event_open':
      return [self(domain, 'perf_event', 'open')];
    case 'userfaultfd':
      return [self(domain, 'anon_inode', 'create')];
    case 'syslog':
      return [
        oneOf({ source: domain, target: kernel, class: 'system' }, ['syslog_read', 'syslog_console', 'syslog_mod']),
      ];
    default:
      return null;
  }
}

function oneOf(need: Omit<Need, 'permission' | 'or'>, permissions: readonly [string, ...string[]]): Need {
  const [permission, ...others] = permissions;
  return { ...need, permission, or: others.map((each) => ({ class: need.class, permission: each })) };
}

function self(domain: string, kind: string, permission: string): Need {
  return { source: domain, target: domain, class: kind, permission };
}

function flowNeeds({ direction, protocol, port }: ObservationOf<'flow'>, domain: string, labels: Labels): Need[] {
  if (protocol === 'icmp' || protocol === 'icmpv6')
    return [{ ...self(domain, 'rawip_socket', 'create'), or: [{ class: 'icmp_socket', permission: 'create' }] }];
  const kind = `${protocol}_socket`;
  const at = (permission: string): Need[] =>
    port === null || port === 0
      ? []
      : [{ source: domain, target: labels.port(protocol, port), class: kind, permission }];
  if (direction === 'ingress')
    return [
      self(domain, kind, 'create'),
      ...(protocol === 'udp' ? [] : [self(domain, kind, 'accept')]),
      { source: domain, target: 'node_t', class: kind, permission: 'node_bind' },
      ...at('name_bind'),
    ];
  // Connecting a UDP socket is not asked by port.
  return [
    self(domain, kind, 'create'),
    ...(protocol === 'udp' ? [] : [self(domain, kind, 'connect'), ...at('name_connect')]),
  ];
}

function listenNeeds({ protocol, port }: ObservationOf<'listen'>, domain: string, labels: Labels): Need[] | null {
  if (protocol === 'icmp' || protocol === 'icmpv6') return null;
  const kind = `${protocol}_socket`;
  return [
    self(domain, kind, 'create'),
    self(domain, kind, 'bind'),
    ...(protocol === 'udp' ? [] : [self(domain, kind, 'listen')]),
    { source: domain, target: 'node_t', class: kind, permission: 'node_bind' },
    ...(port === 0
      ? []
      : [{ source: domain, target: labels.port(protocol, port), class: kind, permission: 'name_bind' }]),
  ];
}

export function socketClass({ family, kind, protocol }: ObservationOf<'socket'>): string {
  if (family === 'unix') return kind === 'dgram' || kind === 'raw' ? 'unix_dgram_socket' : 'unix_stream_socket';
  if (family === 'inet' || family === 'inet6') {
    if (kind === 'stream' || kind === 'seqpacket')
      return protocol === 132
        ? 'sctp_socket'
        : protocol === 0 || protocol === 6 || protocol === 262
          ? 'tcp_socket'
          : 'rawip_socket';
    if (kind === 'dgram')
      return protocol === 0 || protocol === 17
        ? 'udp_socket'
        : protocol === 1 || protocol === 58
          ? 'icmp_socket'
          : 'rawip_socket';
    return 'rawip_socket';
  }
  if (family === 'netlink')
    return netlink[protocol] === undefined ? 'netlink_socket' : `netlink_${netlink[protocol]}_socket`;
  if (family === 'key' || family === 'packet') return `${family}_socket`;
  return family.startsWith('family-') ? 'socket' : `${family}_socket`;
}

function signalNeeds(signal: ObservationOf<'signal'>, actor: Actor): Need[] | null {
  // One that comes from outside is the sender's matter; one that goes outside goes to somebody without a name.
  if (signal.direction !== 'send' || signal.other.type === 'outside') return null;
  const permission = ({ 9: 'sigkill', 17: 'sigchld', 19: 'sigstop' } as Readonly<Record<number, string>>)[
    signal.signal
  ];
  return [
    { source: actor.domain, target: otherOf(signal, actor), class: 'process', permission: permission ?? 'signal' },
  ];
}

function otherOf({ other }: ObservationOf<'signal'> | ObservationOf<'ptrace'>, actor: Actor): string {
  return other.type === 'container' ? actor.of(other.program) : actor.domain;
}

function mountNeeds({ target, fstype, flags }: ObservationOf<'mount'>, domain: string, labels: Labels): Need[] | null {
  const type = fileSystems[fstype];
  if (!target.startsWith('/') || (type === undefined && fstype !== '') || flags.includes('remount')) return null;
  return [
    {
      source: domain,
      target: labels.file(target, 'dir'),
      class: 'dir',
      permission: 'mounton',
      or: [{ class: 'file', permission: 'mounton' }],
    },
    ...(type === undefined ? [] : [{ source: domain, target: type, class: 'filesystem', permission: 'mount' }]),
  ];
}
