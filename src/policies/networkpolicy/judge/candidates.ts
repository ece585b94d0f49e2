/**
 * Which of many tests a pod can pass at all, found by one of its labels instead of by asking each. A hint is what a
 * pod must have: its namespace, a label, or a label in its namespace. What gives no hint is always asked.
 */
import type { LabelSelector } from '#kubernetes/selectors.ts';
import type { Endpoint, Identity } from './endpoint.ts';

export type Hint = string | null;

const anyNamespace = '*';

/** `namespace` null: any. Labels that an implementation adds for itself are not among a pod's own. */
export function hintOf(namespace: string | null, { matchLabels }: LabelSelector): Hint {
  const label = Object.entries(matchLabels ?? {}).find(([key]) => !/^io\.(cilium|kubernetes)\./.test(key));
  if (label !== undefined) return `${namespace ?? anyNamespace} ${label[0]}=${label[1]}`;
  return namespace;
}

/** The one namespace that a selector of namespaces can mean; null when there may be several. */
export function onlyNamespace({ matchLabels }: LabelSelector): string | null {
  return matchLabels?.['kubernetes.io/metadata.name'] ?? null;
}

/** All hints that a pod answers to. */
export function hintsOf(namespace: string, labels: Identity['labels']): string[] {
  const own = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return [namespace, ...own.map((each) => `${namespace} ${each}`), ...own.map((each) => `${anyNamespace} ${each}`)];
}

/** Items that an end may match, in their order; `hints` of an item: null, or one for each of its alternatives. */
export function candidatesAmong<T>(
  items: readonly T[],
  hints: (item: T) => readonly Hint[],
): (endpoint: Endpoint) => readonly T[] {
  const always: number[] = [];
  const byHint = new Map<string, number[]>();
  for (const [at, item] of items.entries()) {
    const own = hints(item);
    if (own.includes(null)) always.push(at);
    else for (const hint of new Set(own)) byHint.set(hint ?? '', [...(byHint.get(hint ?? '') ?? []), at]);
  }
  const few = items.length <= 2;
  return (endpoint) => {
    if (few || endpoint.type !== 'pod') return items;
    let found = always;
    for (const hint of endpoint.identity.hints) {
      const more = byHint.get(hint);
      if (more !== undefined) found = found.length === 0 ? more : [...found, ...more];
    }
    const ordered = found.length < 2 || found === always ? found : [...new Set(found)].toSorted((a, b) => a - b);
    return ordered.map((at) => items[at] as T);
  };
}
