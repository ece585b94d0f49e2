/** What the facts of a container ask a profile for, by Linux 6.1's questions to AppArmor. Of the program's phase alone. */
import type { Claim, Fact } from '#baseline/baseline.ts';
import { toBytes } from './pattern.ts';

export type Letter = 'r' | 'w' | 'a' | 'm' | 'k' | 'l' | 'x';

/** One access to one file. Directories end with a slash. */
export interface FileNeed {
  readonly path: string;
  readonly letter: Letter;
  /** Known to be the process's own; unknown is false. */
  readonly owner: boolean;
  readonly program: string | null;
  /** The workload brought it into being. */
  readonly made: boolean;
  /** Of an execution: the program that runs then, where it is another: a script's interpreter. */
  readonly starts?: string;
}

export interface LinkNeed {
  readonly path: string;
  readonly side: 'link' | 'existing';
  readonly program: string | null;
  readonly claim: Claim;
}

export interface Needs {
  readonly files: readonly FileNeed[];
  /** Names of links and what they may lead to: which goes with which is not recorded. */
  readonly links: readonly LinkNeed[];
  readonly others: readonly { readonly claim: Claim; readonly program: string | null }[];
}

type Of<T extends Claim['type']> = Extract<Claim, { type: T }>;

export function needsOf(facts: readonly Fact[], exact: boolean): Needs {
  const files: FileNeed[] = [];
  const links: LinkNeed[] = [];
  const others: { claim: Claim; program: string | null }[] = [];
  const known = new Set(
    facts.flatMap(({ claim }) => (claim.type === 'file' && claim.resolution === 'exact' ? claim.path : [])),
  );
  for (const { claim } of facts) {
    if (!('phase' in claim) || claim.phase !== 'program') continue;
    const program = claim.program === null ? null : toBytes(claim.program);
    if (claim.type === 'file' && isSayable(claim, known)) {
      const path = toBytes(claim.path);
      if (claim.access === 'link-from') links.push({ path, side: 'existing', program, claim });
      else if (claim.access === 'link-to') links.push({ path, side: 'link', program, claim });
      else if (claim.access === 'unmount') others.push({ claim, program });
      else if (claim.access === 'execute') files.push(...scriptNeeds(claim, path, facts));
      else files.push(...fileNeeds(claim, path, program, exact));
    } else if (claim.type === 'exec' && claim.program !== null)
      files.push({ path: toBytes(claim.path), letter: 'x', owner: false, program, made: false });
    else if (claim.type !== 'file') others.push({ claim, program });
  }
  return { files, links, others };
}

/**
 * Whether it can be said in a rule; what cannot is told in the notes. A path as the caller wrote it is good where it is
 * also one that the kernel named: then no part of it is a symlink.
 */
export function isSayable({ path, resolution }: Of<'file'>, known: ReadonlySet<string>): boolean {
  const resolved = resolution === 'exact' || (resolution === 'literal' && known.has(path));
  return resolved && path.startsWith('/') && !path.includes('\0');
}

const letters: Readonly<Record<string, readonly Letter[]>> = {
  ...{ read: ['r'], list: ['r'], 'map-executable': ['m'], lock: ['k'], write: ['w'], create: ['w'] },
  ...{ truncate: ['w'], mkdir: ['w'], unlink: ['w'], rmdir: ['w'], symlink: ['w'], mknod: ['w'], chmod: ['w'] },
  ...{ chown: ['w'], 'rename-from': ['r', 'w'], 'rename-to': ['w'] },
};
const makes = ['create', 'mkdir', 'symlink', 'mknod', 'rename-to'];

function fileNeeds(claim: Of<'file'>, path: string, program: string | null, exact: boolean): FileNeed[] {
  const { access, kind } = claim;
  // O_CREAT asks for w even where the file is there, as logs do, and whether it was given is not recorded.
  const asked: readonly Letter[] = access === 'append' ? [exact ? 'a' : 'w'] : (letters[access] ?? []);
  const owner = ['mkdir', 'symlink', 'mknod'].includes(access) || claim.owner === true;
  const made = makes.includes(access);
  const folder = path === '/' ? path : `${path}/`;
  const unclear = kind === 'unknown' && ['rename-from', 'rename-to', 'chmod', 'chown'].includes(access);
  const paths =
    kind === 'directory' || ['list', 'mkdir', 'rmdir'].includes(access)
      ? [folder]
      : unclear
        ? [...new Set([path, folder])]
        : [path];
  return paths.flatMap((each) => asked.map((letter) => ({ path: each, letter, owner, program, made })));
}

/**
 * The kernel asks for the script, under the profile of who started it; that is told by the exec that names it. A program
 * that is no script was seen being started, and asks for nothing more.
 */
function scriptNeeds(claim: Of<'file'>, path: string, facts: readonly Fact[]): FileNeed[] {
  if (claim.program === claim.path) return [];
  const need = { path, letter: 'x' as const, owner: false, made: false };
  const starts = facts.flatMap(({ claim: each }) =>
    each.type === 'exec' && each.phase === 'program' && each.calledAs === claim.path ? each : [],
  );
  if (starts.length === 0) {
    const interpreter = claim.program === null ? {} : { starts: toBytes(claim.program) };
    return [{ ...need, program: null, ...interpreter }];
  }
  return starts.map((each) => ({
    ...need,
    program: each.program === null ? null : toBytes(each.program),
    starts: toBytes(each.path),
  }));
}
