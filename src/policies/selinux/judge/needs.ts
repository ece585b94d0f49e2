/**
 * What the kernel asks before it lets happen what was observed: security/selinux/hooks.c of Linux 6.1. Only what is
 * certainly asked; what a program may ask besides (`getattr` of what it reads) is `extras` in this file.
 */
import type { FileAccess, Observation, ObservationOf } from '#observation/observation.ts';
import type { FileClass } from './contexts.ts';
import type { Labels } from './labels.ts';

/** One question; of several classes or targets, one that is granted is enough. */
export interface Need {
  readonly source: string;
  readonly target: string;
  readonly class: string;
  readonly permission: string;
  /** What would do as well: the recording does not tell which it was. */
  readonly or?: readonly Pick<Need, 'class' | 'permission'>[];
}

/** Who acts, and how programs get into domains. */
export interface Actor {
  readonly domain: string;
  /** The domain of a program that is started from here, and of those that run already. */
  readonly after: (label: string) => string;
  readonly of: (program: string | null) => string;
}

const kinds: Readonly<Record<string, FileClass>> = {
  file: 'file',
  directory: 'dir',
  symlink: 'lnk_file',
  socket: 'sock_file',
  fifo: 'fifo_file',
  char: 'chr_file',
  block: 'blk_file',
};
const notDirectories: readonly FileClass[] = ['file', 'lnk_file', 'sock_file', 'fifo_file', 'chr_file', 'blk_file'];

/** Of the file itself, by access. */
const ofFile: Readonly<Record<FileAccess, readonly string[]>> = {
  read: ['open', 'read'],
  write: ['open', 'write'],
  append: ['append', 'open'],
  create: ['create', 'open'],
  truncate: ['open', 'write'],
  list: ['open', 'read'],
  'map-executable': ['execute', 'map'],
  execute: ['execute', 'open', 'read'],
  mkdir: ['create'],
  unlink: ['unlink'],
  rmdir: ['rmdir'],
  'rename-from': ['rename'],
  'rename-to': [],
  'link-from': ['link'],
  'link-to': [],
  symlink: ['create'],
  mknod: ['create'],
  chmod: ['setattr'],
  chown: ['setattr'],
  mount: ['mounton'],
  unmount: [],
  lock: ['lock'],
};
/** Of the directory that holds it, besides `search`. */
const ofParent: Partial<Record<FileAccess, readonly string[]>> = {
  create: ['add_name', 'write'],
  mkdir: ['add_name', 'write'],
  symlink: ['add_name', 'write'],
  mknod: ['add_name', 'write'],
  'link-to': ['add_name', 'write'],
  'rename-to': ['add_name', 'write'],
  unlink: ['remove_name', 'write'],
  rmdir: ['remove_name', 'write'],
  'rename-from': ['remove_name', 'write'],
};

/** Null when the policy has no say, or the recording does not tell enough to ask. */
export function needsOf(observation: Observation, actor: Actor, labels: Labels): readonly Need[] | null {
  switch (observation.type) {
    case 'file':
      return fileNeeds(observation, actor, labels);
    case 'exec':
      return execNeeds(observation, actor, labels);
    case 'capability':
      return capabilityNeeds(observation, actor);
    default:
      return null;
  }
}

function fileNeeds(file: ObservationOf<'file'>, { domain, after }: Actor, labels: Labels): Need[] | null {
  const { path, access, resolution } = file;
  if (resolution !== 'exact' || !path.startsWith('/')) return null;
  const classes = classesOf(file);
  const [kind = 'file', ...or] = classes;
  const target = labels.file(path, kind);
  const need = (to: string, of: string, permission: string, others: readonly string[] = []): Need => ({
    source: domain,
    target: to,
    class: of,
    permission,
    ...(others.length === 0 ? {} : { or: others.map((each) => ({ class: each, permission })) }),
  });
  const parents = above(path).map((each) => labels.file(each, 'dir'));
  const own = ofFile[access].map((permission) => need(target, kind, permission, or));
  // Without a change of domain the kernel asks that the program may stay in this one.
  if (access === 'execute' && after(target) === domain) own.push(need(target, kind, 'execute_no_trans'));
  return [
    ...[...new Set(parents)].map((each) => need(each, 'dir', 'search')),
    ...(ofParent[access] ?? []).map((permission) => need(parents.at(-1) ?? target, 'dir', permission)),
    ...own,
  ];
}

function classesOf({ access, kind }: ObservationOf<'file'>): readonly FileClass[] {
  if (access === 'mkdir' || access === 'rmdir' || access === 'list') return ['dir'];
  if (access === 'symlink') return ['lnk_file'];
  if (access === 'create' && kind === 'unknown') return ['file'];
  const known = kinds[kind];
  if (known !== undefined) return [known];
  if (access === 'unlink' || access === 'mknod') return notDirectories;
  return access === 'mount' ? ['dir', 'file'] : ['file', 'dir', ...notDirectories.slice(1)];
}

/** The directories on the way, outermost first. */
function above(path: string): string[] {
  const parts = path.split('/').slice(1, -1);
  return path === '/' ? [] : ['/', ...parts.map((_, at) => `/${parts.slice(0, at + 1).join('/')}`)];
}

function execNeeds({ path, program }: ObservationOf<'exec'>, { domain, after }: Actor, labels: Labels): Need[] | null {
  if (!path.startsWith('/')) return null;
  const file = labels.file(path, 'file');
  const next = after(file);
  const need = (source: string, target: string, kind: string, permission: string): Need => ({
    source,
    target,
    class: kind,
    permission,
  });
  // The runtime starts the first program: what it may do is the base's matter, the program is entered here.
  if (program === null) return [need(next, file, 'file', 'entrypoint')];
  const way = [...new Set(above(path).map((each) => labels.file(each, 'dir')))];
  const run = [
    ...way.map((each) => need(domain, each, 'dir', 'search')),
    ...['execute', 'open', 'read'].map((permission) => need(domain, file, 'file', permission)),
  ];
  if (next === domain) return [...run, need(domain, file, 'file', 'execute_no_trans')];
  return [
    ...run,
    need(domain, next, 'process', 'transition'),
    need(next, file, 'file', 'entrypoint'),
    need(next, domain, 'fd', 'use'),
    need(next, domain, 'process', 'sigchld'),
  ];
}

function capabilityNeeds({ name, granted }: ObservationOf<'capability'>, { domain }: Actor): Need[] | null {
  if (!granted) return null;
  const word = name.slice('CAP_'.length).toLowerCase();
  const newer = [
    'mac_override',
    'mac_admin',
    'syslog',
    'wake_alarm',
    'block_suspend',
    'audit_read',
    'perfmon',
    'bpf',
    'checkpoint_restore',
  ];
  return /^\d+$/.test(word)
    ? null
    : [
        {
          source: domain,
          target: domain,
          class: newer.includes(word) ? 'capability2' : 'capability',
          permission: word,
        },
      ];
}
