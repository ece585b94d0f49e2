/** Changes applied to objects; what nobody changes stays the same object. */

type Path = readonly (string | number)[];

export interface Edit {
  /** From the root down; the last keys may be such as are not there yet. */
  readonly path: Path;
  /** Undefined takes away what stands there. */
  readonly value: unknown;
}

type Tree = Readonly<Record<string, unknown>> | readonly unknown[];

export function changed(object: unknown, changes: readonly Edit[]): unknown {
  return changes.reduce((now, { path, value }) => withValue(now, path, value), object);
}

function withValue(now: unknown, path: Path, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const tree = typeof now === 'object' && now !== null ? (now as Tree) : undefined;
  // What is not there need not be taken away.
  if (value === undefined && (tree === undefined || !(key in tree))) return now;
  if (Array.isArray(tree)) {
    const items = tree as readonly unknown[];
    if (rest.length === 0 && value === undefined) return items.filter((_, at) => at !== key);
    // One place behind the last: the list grows.
    if (key === items.length) return [...items, withValue(undefined, rest, value)];
    const old = items[Number(key)];
    const next = withValue(old, rest, value);
    return next === old ? now : items.map((item, at) => (at === key ? next : item));
  }
  if (tree === undefined && key === 0) return [withValue(undefined, rest, value)];
  const map = (tree ?? {}) as Readonly<Record<string, unknown>>;
  if (rest.length === 0 && value === undefined) {
    const { [key]: _, ...others } = map;
    return others;
  }
  const next = withValue(map[key], rest, value);
  return next === map[key] && key in map ? now : { ...map, [key]: next };
}
