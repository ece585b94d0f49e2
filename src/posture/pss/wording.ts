/** How the upstream admission plugin words what it refuses. */
import type { Path, Placed } from './pod.ts';

/** One field that a check does not accept, or misses. */
export interface Fault {
  readonly path: Path;
  /** The container's name; null for the pod's own fields. */
  readonly container: string | null;
  /** What stands there; undefined where something is missing. */
  readonly value: unknown;
}

/** What a check says of a pod that it refuses. */
export interface Finding {
  readonly reason: string;
  readonly detail: string;
  readonly faults: readonly Fault[];
}

export function fault(placed: Placed | null, below: Path, value: unknown): Fault {
  if (placed === null) return { path: ['spec', ...below], container: null, value };
  return { path: ['spec', placed.field, placed.index, ...below], container: placed.name, value };
}

/** `"a", "b"`: within the quotes nothing is escaped, as upstream does. */
export function quoted(names: readonly string[]): string {
  return `"${names.join('", "')}"`;
}

export function plural(number: number, one: string, more = `${one}s`): string {
  return number === 1 ? one : more;
}

/** `container "a"`, `containers "a", "b"`. */
export function named(containers: readonly Placed[]): string {
  return `${plural(containers.length, 'container')} ${quoted(containers.map(({ name }) => name))}`;
}

/** `pod and containers "a", "b"`; empty when nobody is at fault. */
export function setters(pod: boolean, containers: readonly Placed[]): string {
  return [...(pod ? ['pod'] : []), ...(containers.length > 0 ? [named(containers)] : [])].join(' and ');
}

/** Each once, in order. */
export function sortedSet(values: readonly string[]): string[] {
  return [...new Set(values)].toSorted();
}

const short: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

/** As Go's `%q` writes a string. */
export function goQuoted(text: string): string {
  const escaped = text.replaceAll(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, (char) => {
    const known = short[char];
    if (known !== undefined) return known;
    const code = char.codePointAt(0) ?? 0;
    if (code < 0x80) return `\\x${hex(code, 2)}`;
    return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
  });
  return `"${escaped}"`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
