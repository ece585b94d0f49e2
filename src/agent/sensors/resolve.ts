/** Names → paths as a process sees them: every symbolic link on the way followed, never out of its root. */
import { existsSync, readlinkSync } from 'node:fs';
import { decodeText, encodeText } from '#observation/text.ts';

/** As the kernel: more links than this is a loop. */
const maxLinks = 40;

/**
 * `name` relative to `folder`, an absolute path in the process's view. The last part is followed only
 * where `follows` says so. Null when it cannot be told any more: a part on the way is gone and not among
 * the `known` folders, links loop, or a link of /proc means something else to each reader.
 */
export function resolve(
  root: string,
  folder: string,
  name: string,
  follows: boolean,
  known: ReadonlySet<string> = new Set(),
): string | null {
  const done: string[] = [];
  const open = `${name.startsWith('/') ? '' : folder}/${name}`.split('/');
  let links = 0;
  for (let part = open.shift(); part !== undefined; part = open.shift()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      done.pop();
      continue;
    }
    const last = open.every((rest) => rest === '' || rest === '.');
    const path = `/${[...done, part].join('/')}`;
    const target = last && !follows ? null : linkTarget(root, path, last || known.has(path));
    if (target === undefined) return null;
    if (target === null) {
      done.push(part);
      continue;
    }
    links += 1;
    if (links > maxLinks || path.startsWith('/proc/')) return null;
    if (target.startsWith('/')) done.length = 0;
    open.unshift(...target.split('/'));
  }
  return `/${done.join('/')}`;
}

/** Where a link leads; null for what is no link, or `mayBeGone`; undefined when it cannot be told. */
function linkTarget(root: string, path: string, mayBeGone: boolean): string | null | undefined {
  try {
    return decodeText(readlinkSync(Buffer.from(encodeText(`${root}${path}`)), 'buffer'));
  } catch (error) {
    // EINVAL: something else than a link. The last part may well be gone by now: it was unlinked, say.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EINVAL') return null;
    // Below the root of a process that has ended meanwhile nothing is there, which tells nothing.
    return mayBeGone && (code === 'ENOENT' || code === 'ENOTDIR') && existsSync(`${root}/.`) ? null : undefined;
  }
}

/** Without following anything: an absolute name as it is, another below `folder`. */
export function joined(folder: string, name: string): string {
  if (name === '' || name.startsWith('/')) return name === '' ? folder : name;
  return `${folder === '/' ? '' : folder}/${name}`;
}
