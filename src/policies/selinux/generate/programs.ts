/** Which programs there are, who starts them, and in which domain each runs. */
import type { FactOf } from '#baseline/baseline.ts';
import { compare, type TypeName } from './draft.ts';
import { canonical } from './places.ts';

export type ExecFact = FactOf<'exec'>['claim'];

export interface Programs {
  /** Sorted; `@process` first. */
  readonly domains: readonly TypeName[];
  domainOf(program: string | null): TypeName;
  /** The own type of an executable; null where it has its place's. */
  entryType(path: string): TypeName | null;
  readonly execs: readonly ExecFact[];
}

/**
 * `perProgram`: each program that another starts has a domain. `mayBeEntry`: whether an executable may have a type of its
 * own at all, which nothing in an image with one label has.
 */
export function programsOf(
  execs: readonly ExecFact[],
  perProgram: boolean,
  mayBeEntry: (path: string) => boolean,
): Programs {
  const known = execs.filter(({ path }) => path.startsWith('/'));
  const first = new Set(known.filter((each) => isFirst(each, known)).map(({ path }) => canonical(path)));
  const started = [
    ...new Set(known.flatMap(({ path, program }) => (program === null ? [] : [canonical(path)]))),
  ].toSorted();
  const names = new Map<string, string>();
  if (perProgram)
    for (const path of started) {
      if (first.has(path)) continue;
      const stem =
        path
          .slice(path.lastIndexOf('/') + 1)
          .replaceAll(/[^A-Za-z0-9]+/g, '_')
          .replace(/^_+|_+$/g, '')
          .toLowerCase() || 'program';
      const taken = new Set(names.values());
      let name = `${/^\d/.test(stem) ? 'p' : ''}${stem}`;
      for (let at = 2; taken.has(name) || ['process', 'exec', 'ro', 'rw'].includes(name); at += 1)
        name = `${stem}_${at}`;
      names.set(path, name);
    }
  return {
    domains: ['@process', ...[...names.values()].map((name) => `@${name}`).toSorted(compare)],
    domainOf: (program) => {
      const name = program === null ? undefined : names.get(canonical(program));
      return name === undefined ? '@process' : `@${name}`;
    },
    entryType: (path) => {
      const name = names.get(path);
      if (name !== undefined) return `@${name}_exec`;
      return first.has(path) && mayBeEntry(path) ? '@exec' : null;
    },
    execs: known,
  };
}

/**
 * Whether the runtime started it: nobody in the container did. A recorder that comes late finds the program itself in
 * the place of who called exec, and as its parent nobody, or somebody who was never started in the container.
 */
export function isFirst({ path, program, parent }: ExecFact, all: readonly ExecFact[]): boolean {
  if (program === null || parent === null) return true;
  return program === path && !all.some((each) => each.path === parent);
}
