import { bytesOf } from './glob.ts';

/**
 * Names that a file may have been opened by. Falco compares what the program wrote, made absolute; an observation has
 * where that led. Links that every container has are known; those of one image are not.
 */
export function namesOf(path: string): string[] {
  const found = new Set([path]);
  for (const each of [path, ...mounted(path)]) {
    found.add(each);
    if (each.startsWith('/run/')) found.add(`/var${each}`);
    if (each.startsWith('/run/lock/')) found.add(`/var/lock/${each.slice('/run/lock/'.length)}`);
    const [, rest] = /^\/proc\/\d+(\/.*)$/s.exec(each) ?? [];
    if (rest !== undefined) found.add(`/proc/self${rest}`).add(`/proc/thread-self${rest}`);
  }
  return [...found];
}

/** Secrets and config maps: `..data` leads to a folder that is called after the time, each key to what is in it. */
function mounted(path: string): string[] {
  const time = /\/\.\.\d{4}_[0-9_.]+(?=\/)/;
  return time.test(path) ? [path.replace(time, ''), path.replace(time, '/..data')] : [];
}

/**
 * How engines show a name: bytes beside printable ASCII are dots in the name of a file that was opened and are left out of
 * `fs.path` (measured with sysdig 0.29.3), or stay where they are UTF-8, in newer ones.
 */
export function shown(name: string, field: 'fd.name' | 'fs.path'): string[] {
  const odd = /[^\x20-\x7e]/g;
  return odd.test(name) ? [name, bytesOf(name).replaceAll(odd, field === 'fd.name' ? '.' : '')] : [name];
}
