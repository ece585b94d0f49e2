/**
 * Accesses → rules. Paths that differ by what changes from run to run become one; a tree that the workload made itself,
 * and a folder with more files than are named one by one, become patterns. Each access belongs to one rule.
 */
import type { Generaliser } from './generalise.ts';
import type { FileNeed, Letter } from './needs.ts';
import { isOpen, literal, matcher, type Pattern, written } from './pattern.ts';
import { mayFold } from './places.ts';

export interface FileRule {
  readonly pattern: Pattern;
  readonly owner: boolean;
  readonly letters: readonly Letter[];
  /** The paths that it was made from, sorted; for one that stands for itself, that one. */
  readonly paths: readonly string[];
}

interface Group {
  readonly pattern: Pattern;
  readonly letter: Letter;
  readonly owner: boolean;
  readonly paths: Set<string>;
}

/** `generaliser`: null for no patterns at all. */
export function fileRules(needs: readonly FileNeed[], generaliser: Generaliser | null, limit: number): FileRule[] {
  const owned = ownership(needs);
  const made = new Set(needs.filter((each) => each.made).map(({ path }) => path));
  const groups = new Map<string, Group>();
  const trees = generaliser === null ? [] : madeTrees(made, limit);
  for (const { path, letter } of needs) {
    const owner = owned.get(`${letter}${path}`) ?? false;
    const tree = letter === 'x' ? undefined : trees.find((each) => path.startsWith(each) && path !== each);
    const pattern =
      tree === undefined
        ? (generaliser?.pattern(path, letter) ?? literal(path))
        : below(tree, '**', 'a tree that the workload made itself');
    add(groups, { pattern, letter, owner, paths: new Set([path]) });
  }
  const folded = generaliser === null ? [...groups.values()] : absorbed(fold([...groups.values()], limit));
  return merged(folded);
}

function add(groups: Map<string, Group>, group: Group): void {
  const key = `${group.letter}${group.owner ? 'o' : ' '}${written(group.pattern)}`;
  const known = groups.get(key);
  if (known === undefined) groups.set(key, group);
  else for (const path of group.paths) known.paths.add(path);
}

/** Whether each access to the path was to the process's own file. */
function ownership(needs: readonly FileNeed[]): Map<string, boolean> {
  const found = new Map<string, boolean>();
  for (const { path, letter, owner } of needs) {
    const key = `${letter}${path}`;
    found.set(key, (found.get(key) ?? true) && owner);
  }
  return found;
}

function below(folder: string, open: '*' | '**', reason: string): Pattern {
  return { pieces: [{ literal: folder }, { open }], reasons: [reason] };
}

/** Folders that were made, with more made below them than are named one by one; the outermost. */
function madeTrees(made: ReadonlySet<string>, limit: number): string[] {
  const counts = new Map<string, number>();
  for (const path of made)
    for (const folder of foldersAbove(path)) if (made.has(folder)) counts.set(folder, (counts.get(folder) ?? 0) + 1);
  const large = [...counts]
    .filter(([folder, count]) => count > limit && mayFold(folder.slice(0, -1)))
    .map(([folder]) => folder);
  return large.filter((folder) => !large.some((other) => other !== folder && folder.startsWith(other))).toSorted();
}

/** With their slashes, `/a/` and `/a/b/` of `/a/b/c`; not itself. */
function foldersAbove(path: string): string[] {
  const found: string[] = [];
  for (let at = path.indexOf('/', 1); at >= 0 && at < path.length - 1; at = path.indexOf('/', at + 1))
    found.push(path.slice(0, at + 1));
  return found;
}

/** More than `limit` entries of one folder with the same access become a pattern; files and folders apart. */
function fold(groups: readonly Group[], limit: number): Group[] {
  const byFolder = Map.groupBy(groups, ({ pattern, letter, owner, paths }) => {
    const [path = ''] = paths;
    const parent = path.slice(0, path.replace(/\/$/, '').lastIndexOf('/') + 1);
    const foldable = letter !== 'x' && !isOpen(pattern) && mayFold(parent.slice(0, -1));
    return foldable ? `${letter}${owner ? 'o' : ' '}${path.endsWith('/') ? '/' : ' '}${parent}` : '';
  });
  return [...byFolder].flatMap(([key, all]) => {
    const [first] = all;
    if (key === '' || first === undefined || all.length <= limit) return all;
    const pattern = below(key.slice(3), '*', `${all.length} entries of one folder, more than ${limit}`);
    const whole = key[2] === '/' ? { ...pattern, pieces: [...pattern.pieces, { literal: '/' }] } : pattern;
    return [
      {
        pattern: whole,
        letter: first.letter,
        owner: first.owner,
        paths: new Set(all.flatMap(({ paths }) => [...paths])),
      },
    ];
  });
}

/** What a wider rule allows anyway becomes its evidence. The widest first; of equals, by their text. */
function absorbed(groups: readonly Group[]): Group[] {
  const rank = ({ pattern }: Group): number =>
    pattern.pieces.some((piece) => 'open' in piece && piece.open === '**') ? 2 : isOpen(pattern) ? 1 : 0;
  const keyed = groups.map((group) => ({
    group,
    key: `${group.owner ? 'o' : ' '}${written(group.pattern)}`,
    rank: rank(group),
  }));
  const ordered = keyed.toSorted((a, b) => b.rank - a.rank || (a.key < b.key ? -1 : 1));
  const kept: Group[] = [];
  const open: { group: Group; matches: RegExp }[] = [];
  for (const { group, rank: own } of ordered) {
    const wider = open.find(
      ({ group: other, matches }) =>
        other.letter === group.letter &&
        (!other.owner || group.owner) &&
        [...group.paths].every((path) => matches.test(path)),
    );
    if (wider === undefined) {
      kept.push(group);
      if (own > 0) open.push({ group, matches: matcher(group.pattern) });
    } else for (const path of group.paths) wider.group.paths.add(path);
  }
  return kept;
}

const order = 'rwamklx';

function merged(groups: readonly Group[]): FileRule[] {
  const byRule = Map.groupBy(groups, ({ pattern, owner }) => `${owner ? 'o' : ' '}${written(pattern)}`);
  const rules = [...byRule.values()].map((all): { text: string; rule: FileRule } => {
    const [{ pattern, owner }] = all as [Group, ...Group[]]; // groups are never empty
    const letters = new Set(all.map(({ letter }) => letter));
    // w holds a, and in one rule they exclude one another.
    if (letters.has('w')) letters.delete('a');
    const reasons = [...new Set(all.flatMap((each) => each.pattern.reasons))];
    const rule = {
      pattern: { ...pattern, reasons },
      owner,
      letters: [...letters].toSorted((a, b) => order.indexOf(a) - order.indexOf(b)),
      paths: [...new Set(all.flatMap(({ paths }) => [...paths]))].toSorted(),
    };
    return { text: `${written(pattern)} ${owner ? 'o' : ''}`, rule };
  });
  return rules.toSorted((a, b) => (a.text < b.text ? -1 : 1)).map(({ rule }) => rule);
}
