/** Flows, listeners, sockets, signals, tracing, mounts and limits → rules. */
import type { Claim } from '#baseline/baseline.ts';
import type { Rules, TypeName } from './draft.ts';
import type { Labels } from './labels.ts';
import { portType } from './ports.ts';
import type { Programs } from './programs.ts';

/** What is done with a socket that was made, whatever for. */
const used = 'create getattr getopt ioctl read setopt shutdown write';
const byKind: Readonly<Record<string, string>> = {
  unix_stream_socket: `${used} accept bind connect connectto listen`,
  unix_dgram_socket: `${used} bind connect sendto`,
  netlink_route_socket: `${used} bind connect nlmsg_read`,
  rawip_socket: `${used} bind connect`,
  icmp_socket: `${used} bind connect`,
  udp_socket: `${used} bind connect`,
};
const netlinkProtocols: Readonly<Record<number, string>> = {
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

export function addOthers(
  rules: Rules,
  claims: readonly Claim[],
  programs: Programs,
  labels: Labels,
  chosenPorts: readonly string[],
): void {
  for (const claim of claims) {
    if (!('phase' in claim) || claim.phase !== 'program') continue;
    const domain = programs.domainOf(claim.program);
    if (claim.type === 'flow' && claim.outcome !== 'failed') addFlow(rules, domain, claim, chosenPorts);
    else if (claim.type === 'listen') addListener(rules, domain, claim, chosenPorts);
    else if (claim.type === 'socket') {
      const kind = classOf(claim.family, claim.kind, claim.protocol);
      rules.add(domain, domain, kind, byKind[kind] ?? used);
    } else if (claim.type === 'signal' && claim.direction === 'send' && claim.other.type !== 'outside') {
      const to = claim.other.type === 'container' ? programs.domainOf(claim.other.program) : domain;
      rules.add(domain, to, 'process', signalPermission(claim.signal));
    } else if (claim.type === 'ptrace' && claim.direction === 'trace' && claim.other.type !== 'outside') {
      const to = claim.other.type === 'container' ? programs.domainOf(claim.other.program) : domain;
      if (claim.access === 'attach') rules.add(domain, to, 'process', 'ptrace');
      else rules.add(domain, to, 'file', 'getattr open read');
    } else if (claim.type === 'mount') addMount(rules, domain, claim, labels);
    else if (claim.type === 'rlimit') rules.add(domain, domain, 'process', 'setrlimit');
    else if (claim.type === 'capability' && claim.granted) {
      const word = claim.name.slice(4).toLowerCase();
      if (!/^\d+$/.test(word)) rules.add(domain, domain, isSecondClass(word) ? 'capability2' : 'capability', word);
    }
  }
}

/** Capabilities from 32 on have a class of their own. */
function isSecondClass(word: string): boolean {
  return 'mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'
    .split(' ')
    .includes(word);
}

function addFlow(
  rules: Rules,
  domain: TypeName,
  { protocol, port, direction }: Extract<Claim, { type: 'flow' }>,
  chosen: readonly string[],
): void {
  if (protocol === 'icmp' || protocol === 'icmpv6')
    return rules.add(domain, domain, 'rawip_socket', byKind['rawip_socket'] ?? used);
  const kind = `${protocol}_socket`;
  rules.add(domain, domain, kind, used);
  if (direction === 'ingress') {
    rules.add(domain, domain, kind, protocol === 'udp' ? 'bind' : 'accept bind listen');
    if (port !== null && port > 0) rules.add(domain, portType(protocol, port, chosen), kind, 'name_bind');
    rules.add(domain, 'node_t', kind, 'node_bind');
  } else {
    rules.add(domain, domain, kind, 'connect');
    // The kernel asks about the port of a connection, not about where a datagram goes.
    if (protocol !== 'udp' && port !== null && port > 0)
      rules.add(domain, portType(protocol, port, chosen), kind, 'name_connect');
  }
}

function addListener(
  rules: Rules,
  domain: TypeName,
  { protocol, port }: Extract<Claim, { type: 'listen' }>,
  chosen: readonly string[],
): void {
  if (protocol === 'icmp' || protocol === 'icmpv6') return;
  const kind = `${protocol}_socket`;
  rules.add(domain, domain, kind, used, protocol === 'udp' ? 'bind' : 'accept bind listen');
  rules.add(domain, 'node_t', kind, 'node_bind');
  if (port > 0) rules.add(domain, portType(protocol, port, chosen), kind, 'name_bind');
}

/** security/selinux/hooks.c, socket_type_to_security_class. */
function classOf(family: string, kind: string, protocol: number): string {
  if (family === 'unix') return kind === 'dgram' || kind === 'raw' ? 'unix_dgram_socket' : 'unix_stream_socket';
  if (family === 'inet' || family === 'inet6') {
    if (kind === 'stream' || kind === 'seqpacket') {
      if (protocol === 132) return 'sctp_socket';
      return [0, 6, 262].includes(protocol) ? 'tcp_socket' : 'rawip_socket';
    }
    if (kind !== 'dgram') return 'rawip_socket';
    return protocol === 0 || protocol === 17
      ? 'udp_socket'
      : protocol === 1 || protocol === 58
        ? 'icmp_socket'
        : 'rawip_socket';
  }
  if (family === 'netlink') {
    const name = netlinkProtocols[protocol];
    return name === undefined ? 'netlink_socket' : `netlink_${name}_socket`;
  }
  if (family.startsWith('family-')) return 'socket';
  return `${family}_socket`;
}

function signalPermission(signal: number): string {
  return signal === 9 ? 'sigkill' : signal === 17 ? 'sigchld' : signal === 19 ? 'sigstop' : 'signal';
}

const fileSystems: Readonly<Record<string, string>> = {
  tmpfs: 'tmpfs_t',
  proc: 'proc_t',
  sysfs: 'sysfs_t',
  devpts: 'devpts_t',
  cgroup2: 'cgroup_t',
};

function addMount(
  rules: Rules,
  domain: TypeName,
  { target, fstype, flags }: Extract<Claim, { type: 'mount' }>,
  labels: Labels,
): void {
  const type = fileSystems[fstype];
  if (!target.startsWith('/') || flags.includes('remount') || (type === undefined && fstype !== '')) return;
  rules.add(domain, labels.of(target, 'dir'), 'dir', 'mounton');
  if (type !== undefined) rules.add(domain, type, 'filesystem', 'mount');
}
