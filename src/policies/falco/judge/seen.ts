/**
 * Observations as events of system calls, as Falco's engine shows them.
 *
 * - Every access to a file is told of as an open of its own. Mapping, locking and running a file are no events by path.
 * - A rename, and a link, are told of by the name that they make.
 * - Falco sees a connection before its address is translated: of a Service its own address, which is not recorded, and port.
 * - Uses of capabilities, signals and limits are no events. SCTP and ICMP are not told apart from other sockets.
 */
import { type Network, parseAddress } from '#kubernetes/addresses.ts';
import type { Observation, ObservationOf, Phase } from '#observation/observation.ts';
import type { Field, Happenings, SeenEvent } from './event.ts';
import { namesOf } from './names.ts';

const opens = ['open', 'openat', 'openat2'];
const creating = [...opens, 'creat'];
/** Calls of which another observation says more than that they were made. */
const toldElsewhere = new Set(
  `execve execveat open openat openat2 creat truncate connect sendto sendmsg sendmmsg accept accept4 socket listen bind
  unlink unlinkat rename renameat renameat2 mkdir mkdirat rmdir link linkat symlink symlinkat
  chmod fchmod fchmodat chown lchown fchown fchownat`.split(/\s+/),
);

/** Empty: nothing that Falco could see. `cluster`: where the addresses of the cluster's own lie; empty when not known. */
export function happenings(observation: Observation, cluster: readonly Network[]): Happenings {
  switch (observation.type) {
    case 'exec':
      return [[executed(observation)]];
    case 'file':
      return fileHappenings(observation);
    case 'flow':
      return flowHappenings(observation, cluster);
    case 'listen':
      return listening(observation);
    case 'socket':
      return [socketTypes(observation.kind).map((type) => made(observation, type))];
    case 'mount': {
      const { source, target, fstype } = observation;
      const said = { 'evt.arg.dev': source, 'evt.arg.dir': target, 'evt.arg.type': fstype };
      return [[event(['mount'], { ...own(observation), ...said })]];
    }
    case 'syscall':
      return observation.name === null || toldElsewhere.has(observation.name)
        ? []
        : [[event([observation.name], own(observation), [])]];
    default:
      return [];
  }
}

function event(types: readonly string[], fields: SeenEvent['fields'], without = ['fd', 'fs']): SeenEvent {
  return { types, fields: { 'evt.dir': '<', ...fields }, without };
}

/** The number that the call was given: the type alone, or with SOCK_NONBLOCK, SOCK_CLOEXEC or both. */
function socketTypes(kind: string): readonly (string | undefined)[] {
  const number = { stream: 1, dgram: 2, raw: 3, rdm: 4, seqpacket: 5 }[kind];
  return number === undefined ? [undefined] : [0, 0o4000, 0o2000000, 0o2004000].map((flags) => String(number + flags));
}

function made(observation: ObservationOf<'socket'>, type: string | undefined): SeenEvent {
  const family = `AF_${observation.family.toUpperCase()}`;
  return event(['socket'], { ...own(observation), 'evt.arg.domain': family, 'evt.arg.type': type });
}

/** Of the process that did it. Its name is what it was called with, which is not recorded here. */
function own({ program, phase }: { readonly program: string | null; readonly phase: Phase }): Record<string, Field> {
  return { ...(program === null ? {} : { 'proc.exepath': program }), ...(phase === 'session' ? {} : noProbe) };
}

/** What was put into the container from outside may be a probe of the kubelet; what the workload started is none. */
export const noProbe = {
  'proc.is_container_healthcheck': false,
  'proc.is_container_liveness_probe': false,
  'proc.is_container_readiness_probe': false,
};

function executed(observation: ObservationOf<'exec'>): SeenEvent {
  const { path, calledAs, parent, argv, argvCut, uid, gid } = observation;
  // The kernel cuts the name of a process after 15 bytes; bytes are not counted here, so a longer one is not known.
  const name = calledAs.slice(calledAs.lastIndexOf('/') + 1);
  const short = /^[\x20-\x7e]*$/.test(name) ? name.slice(0, 15) : undefined;
  const rest = argv.slice(1).join(' ');
  return event(['execve', 'execveat'], {
    ...own(observation),
    ...{
      'evt.rawres': 0,
      'evt.failed': false,
      'proc.exepath': path,
      'proc.name': short,
      'user.uid': uid,
      'group.gid': gid,
    },
    ...(parent === null ? {} : { 'proc.pexepath': parent }),
    ...(argv[0] === undefined ? {} : { 'proc.exe': argv[0] }),
    ...(argvCut || argv.length === 0 ? {} : { 'proc.args': rest, 'proc.cmdline': joined(short, rest) }),
  });
}

function joined(name: string | undefined, rest: string): string | undefined {
  return name === undefined || rest === '' ? name : `${name} ${rest}`;
}

const changes: Readonly<Record<string, { readonly types: readonly string[]; readonly field: string }>> = {
  unlink: { types: ['unlink', 'unlinkat'], field: 'fs.path.name' },
  rmdir: { types: ['rmdir', 'unlinkat'], field: 'fs.path.name' },
  mkdir: { types: ['mkdir', 'mkdirat'], field: 'fs.path.name' },
  chmod: { types: ['chmod', 'fchmod', 'fchmodat'], field: 'fs.path.name' },
  chown: { types: ['chown', 'lchown', 'fchown', 'fchownat'], field: 'fs.path.name' },
  'rename-to': { types: ['rename', 'renameat', 'renameat2'], field: 'fs.path.target' },
  'link-to': { types: ['link', 'linkat'], field: 'fs.path.source' },
  symlink: { types: ['symlink', 'symlinkat'], field: 'fs.path.source' },
};
const places = ['fs.path.name', 'fs.path.target', 'fs.path.source'];

function fileHappenings(observation: ObservationOf<'file'>): Happenings {
  const { path, access, resolution, kind } = observation;
  if (resolution === 'detached' || (resolution === 'exact' && (!path.startsWith('/') || path.includes('\0'))))
    return [];
  const names =
    resolution === 'exact' ? namesOf(path) : [resolution === 'literal' && path.startsWith('/') ? path : undefined];
  const each = (made: (name: Field) => SeenEvent): Happenings => [names.map(made)];
  const change = changes[access];
  if (change !== undefined) {
    const none = Object.fromEntries(places.map((place) => [place, place === 'fs.path.name' ? null : undefined]));
    const base = change.field === 'fs.path.name' ? Object.fromEntries(places.map((place) => [place, null])) : none;
    return each((name) => event(change.types, { ...base, ...own(observation), [change.field]: name }, ['fd']));
  }
  if (kind === 'socket')
    return access === 'write' ? each((name) => event(['connect'], { ...own(observation), ...unix(name) }, ['fs'])) : [];
  const opened =
    (types: readonly string[], writes: boolean, letter: string) =>
    (name: Field): SeenEvent =>
      event(
        types,
        { ...own(observation), ...openFields(name, writes, letter), 'evt.is_open_create': access === 'create' },
        [],
      );
  switch (access) {
    case 'read':
      return each(opened(opens, false, 'f'));
    case 'list':
      return each(opened(opens, false, 'd'));
    case 'write':
    case 'append':
    case 'create':
      return each(opened(creating, true, 'f'));
    case 'truncate':
      return each(opened([...creating, 'truncate'], true, 'f'));
    default:
      return [];
  }
}

function openFields(name: Field, writes: boolean, letter: string): Record<string, Field> {
  const text = typeof name === 'string' ? name : undefined;
  const slash = text?.lastIndexOf('/') ?? -1;
  return {
    ...{ 'fd.name': name, 'fd.typechar': letter, 'fd.type': letter === 'd' ? 'directory' : 'file', 'fd.num': 3 },
    ...{ 'fd.directory': slash > 0 ? text?.slice(0, slash) : slash === 0 ? '/' : undefined },
    ...{ 'fd.filename': text?.slice(slash + 1), 'fs.path.name': name, 'evt.failed': false },
    ...{ 'evt.is_open_read': !writes, 'evt.is_open_write': writes },
  };
}

function unix(name: Field): Record<string, Field> {
  return { 'fd.type': 'unix', 'fd.typechar': 'u', 'fd.name': name };
}

function flowHappenings(observation: ObservationOf<'flow'>, cluster: readonly Network[]): Happenings {
  const { direction, protocol, port, peer, service } = observation;
  if ((protocol !== 'tcp' && protocol !== 'udp') || port === null) return [];
  const address = 'ip' in peer ? peer.ip : null;
  if (direction === 'ingress') {
    if (protocol === 'udp') return [];
    const client = {
      'fd.cip': address ?? undefined,
      'fd.rip': address ?? undefined,
      'fd.sport': port,
      'fd.lport': port,
    };
    const fields = { ...own(observation), ...client };
    return [
      familiesOf(address).map((family) =>
        event(['accept', 'accept4'], { ...fields, ...socketOf(family, protocol) }, ['fs']),
      ),
    ];
  }
  const inCluster: Field = cluster.length > 0 ? { within: cluster } : undefined;
  const ends = [{ ip: address, port }, ...(service === undefined ? [] : [{ ip: null, port: service.port }])];
  return [
    ends
      .flatMap((end) => familiesOf(end.ip).map((family) => ({ ...end, family })))
      .flatMap((end) => {
        const server: Field = end.ip ?? inCluster;
        const fields = {
          ...own(observation),
          ...socketOf(end.family, protocol),
          ...{ 'fd.sip': server, 'fd.rip': server, 'fd.snet': server, 'fd.rnet': server },
          ...{ 'fd.sport': end.port, 'fd.rport': end.port, 'fd.is_server': false },
        };
        const connected = event(['connect'], fields, ['fs']);
        if (protocol === 'tcp') return [connected];
        return [connected, event(['sendto', 'sendmsg', 'sendmmsg'], { ...fields, 'fd.name_changed': true }, ['fs'])];
      }),
  ];
}

function familiesOf(ip: string | null): readonly ('4' | '6')[] {
  // As the kernel delivers it, an IPv4 address within IPv6 is IPv4.
  if (ip === null) return ['4', '6'];
  return [ip.includes(':') && parseAddress(ip)?.family !== 4 ? '6' : '4'];
}

function socketOf(family: '4' | '6', protocol: 'tcp' | 'udp'): Record<string, Field> {
  return { 'fd.l4proto': protocol, 'fd.typechar': family, 'fd.type': `ipv${family}` };
}

function listening(observation: ObservationOf<'listen'>): Happenings {
  const { protocol, ip, port } = observation;
  if (protocol !== 'tcp' && protocol !== 'udp') return [];
  const server = { 'fd.sport': port, 'fd.sip': ip, 'fd.is_server': true };
  const fields = familiesOf(ip).map((family) => ({ ...own(observation), ...socketOf(family, protocol), ...server }));
  const bound = fields.map((each) => event(['bind'], each, ['fs']));
  return protocol === 'tcp' ? [bound, fields.map((each) => event(['listen'], each, ['fs']))] : [bound];
}
