/** Names that were seen → values of a list, and patterns. */
import type { Changing } from './changing.ts';
import { isSensitivePlace } from './changing.ts';
import { literalName, type Name, type Odd, spelled } from './names.ts';

export interface Pattern {
  readonly text: string;
  readonly reasons: readonly string[];
  /** What it was made from. */
  readonly from: number;
}

export interface Values {
  /** Sorted. */
  readonly literal: readonly string[];
  readonly patterns: readonly Pattern[];
}

/** `changing` null: no patterns but for bytes that no rule can hold. `fold`: null where no folder becomes a pattern. */
export function valuesOf(
  seen: Iterable<string>,
  changing: Changing | null,
  fold: number | null,
  odd: Odd = 'kept',
): Values {
  const all = [...new Set(seen)].toSorted();
  const named = all.map((path) => ({ path, name: changing?.name(path) ?? literalName(path) }));
  const folded = fold === null || changing === null ? named : foldFolders(named, fold);
  const literal = new Set<string>();
  const patterns = new Map<string, { reasons: readonly string[]; from: Set<string> }>();
  for (const { path, name } of folded) {
    const each = spelled(name, odd);
    if (each.type === 'value') literal.add(each.text);
    else {
      const known = patterns.get(each.text);
      if (known === undefined) patterns.set(each.text, { ...each, from: new Set([path]) });
      else known.from.add(path);
    }
  }
  return {
    literal: [...literal].toSorted(),
    patterns: [...patterns]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([text, { reasons, from }]) => ({ text, reasons, from: from.size })),
  };
}

interface Named {
  readonly path: string;
  readonly name: Name;
}

/** More than `limit` names in one folder become a pattern, but not where attackers would write. */
function foldFolders(all: readonly Named[], limit: number): Named[] {
  const folders = Map.groupBy(all, ({ path }) => path.slice(0, path.lastIndexOf('/') + 1));
  return [...folders].flatMap(([folder, inside]) => {
    const deep = folder.split('/').length > 3 || folder === '/tmp/';
    const plain = inside.filter(({ name }) => name.reasons.length === 0);
    if (plain.length <= limit || !deep || isSensitivePlace(folder)) return inside;
    const reason = `${plain.length} names in one folder, more than ${limit}`;
    const name: Name = { pieces: [{ literal: folder }, { open: '*' }], reasons: [reason] };
    return inside.map(({ path }) => ({ path, name }));
  });
}
