/** What type each path gets: from the runtime, or by path, with file contexts for what no table knows. */
import type { FactOf } from '#baseline/baseline.ts';
import { compare, type FileContext, type FileKind, type TypeName } from './draft.ts';
import { changesDirectory, writes } from './implied.ts';
import { canonical, isInterpreter, placeOf } from './places.ts';
import type { Programs } from './programs.ts';

export type FileFact = FactOf<'file'>['claim'];

export interface Labels {
  /** `@self` for what of /proc is about the program itself. */
  of(path: string, kind: FileKind): TypeName;
  /** The contexts of what was asked about so far. */
  contexts(): FileContext[];
}

export function mountLabels(imageType: string): Labels {
  return {
    of(path, kind) {
      if (!/^\/(proc|sys)(\/|$)/.test(path)) return imageType;
      const place = placeOf(path, kind);
      return place.type === 'process' ? '@self' : place.type === 'standard' ? place.label : imageType;
    },
    contexts: () => [],
  };
}

/** `chosen`: the node's word, `PATH=type`. */
export function pathLabels(facts: readonly FileFact[], programs: Programs, chosen: readonly string[]): Labels {
  const stated = new Map(
    chosen.map((each): [string, string] => [
      each.slice(0, each.lastIndexOf('=')),
      each.slice(each.lastIndexOf('=') + 1),
    ]),
  );
  const changed = new Set<string>();
  const written = new Set<string>();
  const made: string[] = [];
  for (const { path, access } of facts) {
    const name = canonical(path);
    if (writes(access)) written.add(name);
    if (changesDirectory(access)) changed.add(above(name));
    if (access === 'mkdir') made.push(name);
  }
  // What it made itself is its own with all below; a standard directory that somebody made before is not.
  const trees = [...new Set(made)].filter((path) => placeOf(path, 'dir').type === 'own').toSorted();
  const tops = trees.filter((path) => !trees.some((other) => path.startsWith(`${other}/`)));
  const top = (path: string): string | undefined => tops.find((each) => path === each || path.startsWith(`${each}/`));
  const used = new Map<string, FileContext>();

  function own(path: string, kind: FileKind, type: TypeName): TypeName {
    const tree = type === '@rw' ? top(path) : undefined;
    const context = { path: tree ?? path, below: tree !== undefined, class: tree === undefined ? kind : null, type };
    used.set(JSON.stringify(context), context);
    return type;
  }

  return {
    of(path, kind) {
      const name = canonical(path);
      const said = stated.get(name) ?? stated.get(path);
      if (said !== undefined) return said;
      const place = placeOf(path, kind);
      if (place.type === 'process') return '@self';
      if (place.type === 'standard' && /^\/(proc|sys|dev)(\/|$)/.test(name) && kind !== 'sock_file') return place.label;
      if (top(name) !== undefined) return own(name, kind, '@rw');
      const entry = kind === 'file' ? programs.entryType(name) : null;
      if (entry !== null && !written.has(name)) return own(name, kind, entry);
      if (kind === 'dir' && place.type === 'standard') return place.label;
      if (written.has(name) || (kind === 'dir' && changed.has(name))) return own(name, kind, '@rw');
      return place.type === 'standard' ? place.label : own(name, kind, '@ro');
    },
    contexts: () => [...used.values()].toSorted((a, b) => compare(`${a.path} ${a.class}`, `${b.path} ${b.class}`)),
  };
}

export function above(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}

/** Whether a program in a standard place may get a type to be entered by. */
export function mayBeEntry(path: string): boolean {
  return placeOf(path, 'file').type === 'own' || !isInterpreter(canonical(path));
}
