/** Names → paths as a process sees them: every symbolic link on the way followed, never out of its root. */
import { readlinkSync } from 'node:fs';
import { decodeText, encodeText } from '#observation/text.ts';

/** As the kernel: more links than this is a loop. */
const maxLinks = 40;

/**
 * `name` relative to `folder`, an absolute path in the process's view. The last part is followed only
 * where `follows` says so. Null when a link on the way is gone or loops.
 */
export function resolve(root: string, folder: string, name: string, follows: boolean): string | null {
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
    const target = last && !follows ? null : linkTarget(`${root}/${[...done, part].join('/')}`, last);
    if (target === undefined) return null;
    if (target === null) {
      done.push(part);
      continue;
    }
    links += 1;
    if (links > maxLinks) return null;
    if (target.startsWith('/')) done.length = 0;
    open.unshift(...target.split('/'));
  }
  return `/${done.join('/')}`;
}

/** Where a link leads; null for what is no link; undefined when a folder on the way is gone. */
function linkTarget(path: string, last: boolean): string | null | undefined {
  try {
    return decodeText(readlinkSync(Buffer.from(encodeText(path)), 'buffer'));
  } catch (error) {
    // EINVAL: something else than a link. The last part may well be gone by now: it was unlinked, say.
    const { code } = error as NodeJS.ErrnoException;
    return code === 'EINVAL' || (last && code === 'ENOENT') ? null : undefined;
  }
}
