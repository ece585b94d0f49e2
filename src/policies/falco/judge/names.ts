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
