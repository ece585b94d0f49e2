/** The words for what the kernel's side of the files sensor gives as numbers. */
import type { FileAccess, ObservationOf } from '#observation/observation.ts';
import * as kernel from '../layouts.gen.ts';

type File = ObservationOf<'file'>;

const bits: readonly (readonly [bit: number, access: FileAccess])[] = [
  [kernel.ACCESS_READ, 'read'],
  [kernel.ACCESS_WRITE, 'write'],
  [kernel.ACCESS_APPEND, 'append'],
  [kernel.ACCESS_CREATE, 'create'],
  [kernel.ACCESS_TRUNCATE, 'truncate'],
  [kernel.ACCESS_LIST, 'list'],
  [kernel.ACCESS_MAP_EXECUTABLE, 'map-executable'],
  [kernel.ACCESS_EXECUTE, 'execute'],
  [kernel.ACCESS_CHMOD, 'chmod'],
  [kernel.ACCESS_CHOWN, 'chown'],
  [kernel.ACCESS_LOCK, 'lock'],
];

/** What was done through one handle. */
export function accessesOf(access: number): FileAccess[] {
  return bits.filter(([bit]) => access & bit).map(([, name]) => name);
}

/** What an operation does to its first name, and to its second where it has one. */
export const operations: Readonly<Record<number, readonly [first: readonly FileAccess[], second?: FileAccess]>> = {
  [kernel.FILE_MKDIR]: [['mkdir']],
  [kernel.FILE_RMDIR]: [['rmdir']],
  [kernel.FILE_UNLINK]: [['unlink']],
  [kernel.FILE_RENAME]: [['rename-from'], 'rename-to'],
  [kernel.FILE_RENAME_TO]: [['rename-to']],
  [kernel.FILE_LINK]: [['link-from'], 'link-to'],
  [kernel.FILE_LINK_TO]: [['link-to']],
  [kernel.FILE_SYMLINK]: [['symlink']],
  [kernel.FILE_MKNOD]: [['mknod']],
  [kernel.FILE_CHMOD]: [['chmod']],
  [kernel.FILE_CHOWN]: [['chown']],
  [kernel.FILE_TRUNCATE]: [['truncate']],
  [kernel.FILE_MOUNT]: [['mount']],
  [kernel.FILE_UNMOUNT]: [['unmount']],
  [kernel.FILE_SCRIPT]: [['execute', 'read']],
  [kernel.FILE_CONNECT]: [['write']],
};

/** Where the operation itself says what kind of file it was about. */
export function kindAfter(operation: number, access: FileAccess): File['kind'] {
  if (operation === kernel.FILE_CONNECT) return 'socket';
  if (access === 'mkdir' || access === 'rmdir') return 'directory';
  return access === 'symlink' ? 'symlink' : 'unknown';
}

const kinds: Readonly<Record<number, File['kind']>> = {
  0o100000: 'file',
  0o040000: 'directory',
  0o120000: 'symlink',
  0o140000: 'socket',
  0o010000: 'fifo',
  0o020000: 'char',
  0o060000: 'block',
};

export function kindOf(mode: number): File['kind'] {
  return kinds[mode & 0o170000] ?? 'unknown';
}
