/** Names with `*`, as Gatekeeper and Kyverno take them; Kyverno knows `?`, too. */
export function globMatches(pattern: string, name: string, single = false): boolean {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\?]/g, (each) => (each === '?' && single ? '.' : `\\${each}`));
  return new RegExp(`^${escaped.replaceAll('*', '.*')}$`, 's').test(name);
}
