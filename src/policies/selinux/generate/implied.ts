/**
 * What the kernel asks about beside what a recorder sees one by one (security/selinux/hooks.c, Linux 6.1): a file that
 * is read is also looked at (`inode_getattr`), controlled (`file_ioctl`), locked (`file_lock`) and mapped (`mmap_file`);
 * the way to it is searched (`inode_permission`), over links (`inode_readlink`, `inode_follow_link`).
 */
import type { FileAccess } from '#observation/observation.ts';
import type { FileKind } from './draft.ts';

const file: Readonly<Record<FileAccess, string>> = {
  read: 'getattr ioctl lock map open read',
  write: 'getattr ioctl lock open write',
  append: 'append getattr ioctl lock open',
  create: 'create getattr open',
  truncate: 'getattr open write',
  list: '',
  'map-executable': 'execute getattr map open read',
  execute: 'execute execute_no_trans getattr map open read',
  mkdir: '',
  unlink: 'getattr unlink',
  rmdir: '',
  'rename-from': 'getattr rename',
  // A file that stood there before is removed.
  'rename-to': 'getattr rename unlink',
  'link-from': 'getattr link',
  'link-to': 'getattr',
  symlink: 'create getattr',
  mknod: 'create getattr',
  chmod: 'getattr setattr',
  chown: 'getattr setattr',
  mount: 'getattr mounton',
  unmount: '',
  lock: 'getattr lock',
};
const directory: Partial<Record<FileAccess, string>> = {
  read: 'getattr ioctl lock open read search',
  list: 'getattr ioctl lock open read search',
  mkdir: 'create getattr',
  rmdir: 'getattr rmdir',
  // To another parent: `reparent`.
  'rename-from': 'getattr rename reparent',
  'rename-to': 'getattr rename reparent rmdir',
  chmod: 'getattr setattr',
  chown: 'getattr setattr',
  mount: 'getattr mounton',
  lock: 'getattr lock',
};
const parent: Partial<Record<FileAccess, string>> = {
  create: 'add_name getattr search write',
  mkdir: 'add_name getattr search write',
  symlink: 'add_name getattr search write',
  mknod: 'add_name getattr search write',
  'link-to': 'add_name getattr search write',
  'rename-to': 'add_name getattr remove_name search write',
  unlink: 'getattr remove_name search write',
  rmdir: 'getattr remove_name search write',
  'rename-from': 'getattr remove_name search write',
};
/** Devices, pipes and sockets are neither mapped nor run. */
const notMapped = /\b(map|execute|execute_no_trans) ?/g;

/** What an access needs of the file itself; empty when nothing. */
export function ofItself(access: FileAccess, kind: FileKind): string {
  if (kind === 'dir') return directory[access] ?? '';
  const words = file[access];
  if (kind === 'file') return words;
  if (kind === 'lnk_file') return words.replaceAll(/\b(map|ioctl|lock|open|execute|execute_no_trans) ?/g, '').trim();
  return words.replaceAll(notMapped, '').trim();
}

/** What it needs of the directory that holds the name. */
export function ofParent(access: FileAccess): string {
  return parent[access] ?? 'getattr search';
}

/** Whether a name comes, goes or changes: then the directory changes too. */
export function changesDirectory(access: FileAccess): boolean {
  return access in parent;
}

/** Whether the file itself changes. */
export function writes(access: FileAccess): boolean {
  return changesDirectory(access) || ['write', 'append', 'truncate', 'chmod', 'chown'].includes(access);
}
