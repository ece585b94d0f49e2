/** File observations → rules. */
import type { Baseline } from '#baseline/baseline.ts';
import type { FileKind, Rules, Transition, TypeName } from './draft.ts';
import { ofItself, ofParent } from './implied.ts';
import { above, type FileFact, type Labels } from './labels.ts';
import { guarded } from './places.ts';
import type { Programs } from './programs.ts';

const kinds: Readonly<Record<FileFact['kind'], FileKind | null>> = {
  file: 'file',
  directory: 'dir',
  symlink: 'lnk_file',
  socket: 'sock_file',
  fifo: 'fifo_file',
  char: 'chr_file',
  block: 'blk_file',
  unknown: null,
};
/** Names that appear: of which class. */
const creates: Partial<Record<FileFact['access'], FileKind | null>> = {
  create: 'file',
  mkdir: 'dir',
  symlink: 'lnk_file',
  mknod: null,
};

/** What may become a rule: seen of the program, resolved, with an absolute path. */
export function fileFacts(baseline: Baseline): FileFact[] {
  return baseline.facts.flatMap(({ claim }) =>
    claim.type === 'file' && claim.phase === 'program' && claim.resolution === 'exact' && claim.path.startsWith('/')
      ? [claim]
      : [],
  );
}

/** Paths that are known to be directories. */
export function directoriesAmong(facts: readonly FileFact[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { path, access, kind } of facts) {
    if (kind === 'directory' || ['mkdir', 'rmdir', 'list'].includes(access)) found.add(path);
    for (let at = path; at !== '/'; ) {
      at = above(at);
      found.add(at);
    }
  }
  return found;
}

/** The classes that a fact is about. Where the recording does not tell: a file, and a directory if it is known as one. */
function classesOf({ path, access, kind }: FileFact, directories: ReadonlySet<string>): FileKind[] {
  if (access === 'mkdir' || access === 'rmdir' || access === 'list') return ['dir'];
  if (access === 'symlink') return ['lnk_file'];
  const known = kinds[kind];
  if (known !== null) return [known];
  return directories.has(path) && access !== 'unlink' && access !== 'create' ? ['dir', 'file'] : ['file'];
}

/** The label of a guarded type, which no rule may be about; null when the fact may become one. */
export function guardOf(fact: FileFact, labels: Labels, directories: ReadonlySet<string>): string | null {
  const found = classesOf(fact, directories).flatMap((kind) => {
    const label = labels.of(fact.path, kind);
    return kind !== 'dir' && label in guarded ? [label] : [];
  });
  return found[0] ?? null;
}

export function addFiles(
  rules: Rules,
  facts: readonly FileFact[],
  labels: Labels,
  programs: Programs,
  directories: ReadonlySet<string>,
): Transition[] {
  const transitions = new Map<string, Transition>();
  for (const fact of facts) {
    const { path, access } = fact;
    const domain = programs.domainOf(fact.program);
    addWay(rules, domain, path, labels);
    const holder = labels.of(above(path), 'dir');
    if (path !== '/') rules.add(domain, holder, 'dir', ofParent(access));
    for (const kind of classesOf(fact, directories)) {
      const label = labels.of(path, kind);
      const words = ofItself(access, kind);
      if (words !== '') rules.add(domain, label, kind, words);
      const appears = access in creates ? (creates[access] ?? kind) : null;
      if (appears === null || label === holder || !label.startsWith('@') || holder.startsWith('@')) continue;
      const made = { source: domain, target: holder, class: appears, result: label };
      transitions.set(JSON.stringify(made), made);
    }
  }
  return [...transitions.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}

/** Directories are searched on the way, and names on it may be links: a resolved path does not show them. */
export function addWay(rules: Rules, domain: TypeName, path: string, labels: Labels): void {
  for (let at = path; at !== '/'; ) {
    at = above(at);
    const label = labels.of(at, 'dir');
    rules.add(domain, label, 'dir', 'getattr search');
    rules.add(domain, label, 'lnk_file', 'getattr read');
  }
}
