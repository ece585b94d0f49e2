/** PeerAuthentication: what TLS a port asks for. The narrowest that says something decides. */
import type { Called } from '../../calls.ts';
import type { Mode, Peers } from './read.ts';
import { selectsLabels } from './scope.ts';

export interface Asked {
  /** Null where policies of one scope disagree: istiod takes the oldest, whose age no text tells. */
  readonly mode: Exclude<Mode, 'UNSET'> | null;
  /** What decided; null for the default, PERMISSIVE. */
  readonly by: string | null;
}

export function modeOf(all: readonly Peers[], called: Called, port: number, rootNamespace: string): Asked {
  const isNarrow = ({ matchLabels }: Peers): boolean => Object.keys(matchLabels ?? {}).length > 0;
  const inside = all.filter(({ namespace }) => namespace === called.namespace);
  const own = inside.filter((each) => isNarrow(each) && selectsLabels(each.matchLabels, called.labels));
  const scopes: readonly (readonly [readonly Peers[], (each: Peers) => Mode])[] = [
    [own, ({ ports }) => ports[String(port)] ?? 'UNSET'],
    [own, ({ mode }) => mode],
    [inside.filter((each) => !isNarrow(each)), ({ mode }) => mode],
    [all.filter((each) => each.namespace === rootNamespace && !isNarrow(each)), ({ mode }) => mode],
  ];
  for (const [scope, mode] of scopes) {
    const modes = new Set(scope.map(mode));
    const by = scope.map(({ name }) => `PeerAuthentication ${name}`).join(', ');
    if (modes.size > 1) return { mode: null, by };
    const [only = 'UNSET'] = modes;
    if (only !== 'UNSET') return { mode: only, by };
  }
  return { mode: 'PERMISSIVE', by: null };
}
