/**
 * Observations as events of system calls, as Falco's engine shows them.
 *
 * - Every access to a file is told of as an open of its own. Mapping, locking and running a file are no events by path.
 * - A rename, and a link, are told of by the name that they make.
 * - Falco sees a connection before its address is translated: of a Service its own address, which is not recorded, and port.
 * - Uses of capabilities, signals and limits are no events. SCTP and ICMP are not told apart from other sockets.
 */
import type { Network } from '#kubernetes/addresses.ts';
import type { Observation, ObservationOf } from '#observation/observation.ts';
import { event, type Field, type Happenings, own, type SeenEvent } from './event.ts';
import { flowHappenings, listening, unix } from './connections.ts';
import { namesOf, shown } from './names.ts';

const opens = ['open', 'openat', 'openat2'];
/** Calls of which another observation says more than that they were made. */
const toldElsewhere = new Set(
  `execve execveat open openat openat2 creat truncate connect sendto sendmsg sendmmsg accept accept4 socket listen bind
  unlink unlinkat rename renameat renameat2 mkdir mkdirat rmdir link linkat symlink symlinkat
  chmod fchmod fchmodat chown lchown fchown fchownat`.split(/\s+/),
);

/** Events that are not called as their calls are. */
const eventNames: Readonly<Record<string, string>> = { pread64: 'pread', pwrite64: 'pwrite', prlimit64: 'prlimit' };

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
      return [
        familyNames(observation.family).flatMap((name) =>
          socketTypes(observation.kind).map((type) => made(observation, name, type)),
        ),
      ];
    case 'mount': {
      const { source, target, fstype } = observation;
      const said = { 'evt.arg.dev': source, 'evt.arg.dir': target, 'evt.arg.type': fstype };
      return [[event(['mount'], { ...own(observation), ...said })]];
    }
    case 'syscall':
      return observation.name === null || toldElsewhere.has(observation.name)
        ? []
        : [[event([eventNames[observation.name] ?? observation.name], own(observation), [])]];
    default:
      return [];
  }
}

/** The number that the call was given: the type alone, or with SOCK_NONBLOCK, SOCK_CLOEXEC or both. */
function socketTypes(kind: string): readonly (string | undefined)[] {
  const number = { stream: 1, dgram: 2, raw: 3, rdm: 4, seqpacket: 5 }[kind];
  return number === undefined ? [undefined] : [0, 0o4000, 0o2000000, 0o2004000].map((flags) => String(number + flags));
}

/** Two names of one number: engines differ in which they show. */
function familyNames(family: string): readonly string[] {
  const names: Readonly<Record<string, readonly string[]>> = {
    netlink: ['AF_NETLINK', 'AF_ROUTE'],
    unix: ['AF_UNIX', 'AF_LOCAL'],
  };
  return names[family] ?? [`AF_${family.toUpperCase()}`];
}

function made(observation: ObservationOf<'socket'>, family: string, type: string | undefined): SeenEvent {
  return event(['socket'], { ...own(observation), 'evt.arg.domain': family, 'evt.arg.type': type });
}

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
  const named = (field: 'fd.name' | 'fs.path'): Field[] =>
    names.flatMap((name): Field[] => (typeof name === 'string' ? shown(name, field) : [name]));
  const change = changes[access];
  if (change !== undefined) {
    const unsaid = Object.fromEntries(places.map((place) => [place, place === 'fs.path.name' ? null : undefined]));
    const base = change.field === 'fs.path.name' ? Object.fromEntries(places.map((place) => [place, null])) : unsaid;
    const made = (name: Field): SeenEvent =>
      event(change.types, { ...base, ...own(observation), [change.field]: name }, ['fd']);
    return [named('fs.path').map(made)];
  }
  if (kind === 'socket') return access === 'write' ? [named('fd.name').map((name) => reached(observation, name))] : [];
  const created = { 'evt.is_open_create': access === 'create' };
  const opened = (types: readonly string[], flags: Flags, letter: 'f' | 'd'): SeenEvent[] =>
    named('fd.name').map((name) =>
      event(types, { ...own(observation), ...openFields(name, flags, letter), ...created }, []),
    );
  switch (access) {
    case 'read':
      return [opened(opens, reads, 'f')];
    case 'list':
      return [opened(opens, reads, 'd')];
    case 'write':
    case 'append':
    case 'create':
      return [[...opened(opens, writes, 'f'), ...opened(['creat'], none, 'f')]];
    case 'truncate':
      return [[...opened(opens, writes, 'f'), ...opened(['creat'], none, 'f'), ...opened(['truncate'], none, 'f')]];
    default:
      return [];
  }
}

/** As the call's flags say. `creat` has none, though it writes. */
interface Flags {
  readonly 'evt.is_open_read': boolean;
  readonly 'evt.is_open_write': boolean;
}
const reads: Flags = { 'evt.is_open_read': true, 'evt.is_open_write': false };
const writes: Flags = { 'evt.is_open_read': false, 'evt.is_open_write': true };
const none: Flags = { 'evt.is_open_read': false, 'evt.is_open_write': false };

function reached(observation: ObservationOf<'file'>, name: Field): SeenEvent {
  return event(['connect'], { ...own(observation), ...unix(name) }, ['fs']);
}

function openFields(name: Field, flags: Flags, letter: 'f' | 'd'): Record<string, Field> {
  const text = typeof name === 'string' ? name : undefined;
  const slash = text?.lastIndexOf('/') ?? -1;
  return {
    ...{ 'fd.name': name, 'fd.typechar': letter, 'fd.type': letter === 'd' ? 'directory' : 'file', 'fd.num': 3 },
    ...{ 'fd.directory': slash > 0 ? text?.slice(0, slash) : slash === 0 ? '/' : undefined },
    ...{ 'fd.filename': text?.slice(slash + 1), 'fs.path.name': name, 'evt.failed': false },
    ...flags,
  };
}
