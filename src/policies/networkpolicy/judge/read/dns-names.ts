/** Peers that are named by what DNS said of their address. Only the world has such names. */
import { plainName } from '../endpoint.ts';
import { match, type PeerTest } from '../policy.ts';

/**
 * - `exact`: the name alone;
 * - `levels`: a leading `*.` stands for one level or more (ClusterNetworkPolicy);
 * - `pattern`: Cilium's: `*` is any run of [-a-z0-9_], a leading `**.` several levels, `*` alone everything.
 */
export function nameMatcher(text: string, form: 'exact' | 'levels' | 'pattern'): PeerTest {
  const name = plainName(text);
  const test = form === 'exact' ? (each: string) => each === name : namePattern(name, form);
  return {
    label: `name ${name}`,
    matches({ type, ...endpoint }) {
      if (type === 'unresolved') return 'maybe';
      if (type !== 'world') return 'no';
      const names = 'names' in endpoint ? endpoint.names : null;
      return names === null ? 'maybe' : match(names.some(test));
    },
  };
}

export function namePattern(pattern: string, form: 'levels' | 'pattern'): (name: string) => boolean {
  if (form === 'pattern' && pattern === '*') return () => true;
  const label = '[-a-z0-9_]';
  const source = pattern
    .replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replace(/^\*\*\\\./, form === 'pattern' ? `(?:${label}+\\.)+` : '$&')
    .replace(/^\*\\\./, form === 'levels' ? `(?:${label}+\\.)+` : '$&')
    .replaceAll(/\*+/g, `${label}*`);
  const compiled = new RegExp(`^${source}$`);
  return (name) => compiled.test(name);
}
