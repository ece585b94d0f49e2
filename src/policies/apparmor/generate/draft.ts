/** A profile's content before it takes the form of a text. */
import type { Baseline, Claim } from '#baseline/baseline.ts';
import type { Options } from '../options.ts';
import { type FileRule, fileRules } from './file-rules.ts';
import { Generaliser } from './generalise.ts';
import type { FileNeed, Needs } from './needs.ts';
import { toBytes } from './pattern.ts';
import { type LinkRule, linkRules } from './links.ts';
import { otherLines, rlimitLines } from './other-rules.ts';

export interface Draft {
  /** Of a child, without its parent's. */
  readonly name: string;
  readonly files: readonly FileRule[];
  /** Whole names of the profiles that executables lead to; one that is not here keeps its caller's. */
  readonly targets: ReadonlyMap<string, string>;
  readonly links: readonly LinkRule[];
  /** All other rules, sorted. */
  readonly lines: readonly string[];
  readonly children: readonly Draft[];
}

export interface Drafted {
  readonly draft: Draft;
  readonly unsayable: ReadonlySet<Claim>;
}

export function allDrafts(draft: Draft): Draft[] {
  return [draft, ...draft.children.flatMap(allDrafts)];
}

export function draft(name: string, needs: Needs, baseline: Baseline, options: Options): Drafted {
  const generaliser = options.exact ? null : new Generaliser(baseline);
  const started = options.children === 'profile' ? startedPrograms(baseline) : new Map<string, string>();
  const peer = started.size === 0 ? '@{profile_name}' : `${name}{,//*}`;
  const unsayable = new Set<Claim>();
  const own = (program: string | null, of: string | null): boolean =>
    of === null ? program === null || !started.has(program) : program === null || program === of;

  const callers = callersOf(baseline);
  /** Files that a program finds open are checked again under its own profile: what its callers wrote may be among them. */
  const inherited = (of: string | null): FileNeed[] =>
    of === null
      ? []
      : needs.files.filter(
          ({ program, letter }) => 'wa'.includes(letter) && program !== null && callers.get(of)?.has(program) === true,
        );

  /** `of`: the program of a child; null for the container's own profile. */
  function profile(of: string | null, called: string): Draft {
    const files = [...needs.files.filter(({ program }) => own(program, of)), ...inherited(of)];
    const itself =
      of === null
        ? []
        : (['r', 'm'] as const).map((letter) => ({ path: of, letter, owner: false, program: of, made: false }));
    const claims = needs.others.filter(({ program }) => own(program, of)).map(({ claim }) => claim);
    const others = otherLines(claims, peer);
    const links = linkRules(
      needs.links.filter(({ program }) => own(program, of)),
      generaliser,
    );
    for (const claim of [...others.unsayable, ...links.unsayable]) unsayable.add(claim);
    const targets = new Map(
      files.flatMap(({ path, letter, starts }) => {
        const child = letter === 'x' ? started.get(starts ?? path) : undefined;
        if (child !== undefined) return [[path, `${name}//${child}`] as const];
        return letter === 'x' && of !== null ? [[path, name] as const] : [];
      }),
    );
    return {
      name: called,
      files: fileRules([...files, ...itself], generaliser, options.fold),
      targets,
      links: links.links,
      lines: [...standing(peer), ...others.lines, ...(options.rlimits ? rlimitLines(claims) : [])].toSorted(),
      children: of === null ? [...started].map(([program, child]) => profile(program, child)) : [],
    };
  }
  return { draft: profile(null, name), unsayable };
}

/** Needed by every container, seen or not. */
function standing(peer: string): string[] {
  return [
    `signal (send, receive) peer=${peer},`,
    ...['unconfined', 'runc', 'crun'].map((runtime) => `signal (receive) peer=${runtime},`),
  ];
}

/** By started program, who started it. */
function callersOf({ facts }: Baseline): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { claim } of facts) {
    if (claim.type !== 'exec' || claim.phase !== 'program' || claim.program === null) continue;
    const path = toBytes(claim.path);
    found.set(path, (found.get(path) ?? new Set()).add(toBytes(claim.program)));
  }
  return found;
}

/** Programs that the container started, with names for their profiles. Its entrypoint keeps the container's own. */
function startedPrograms({ facts }: Baseline): Map<string, string> {
  const execs = facts.flatMap(({ claim }) => (claim.type === 'exec' && claim.phase === 'program' ? claim : []));
  const entrypoints = new Set(execs.flatMap(({ program, path }) => (program === null ? toBytes(path) : [])));
  const started = new Set(execs.flatMap(({ program, path }) => (program === null ? [] : toBytes(path))));
  const names = new Set<string>();
  return new Map(
    [...started]
      .filter((path) => !entrypoints.has(path))
      .toSorted()
      .map((path) => {
        const base = path
          .replace(/^\/+/, '')
          .replaceAll('/', '.')
          .replaceAll(/[^A-Za-z0-9._-]/g, '_')
          .slice(0, 200);
        let name = base;
        for (let copy = 2; names.has(name); copy += 1) name = `${base}-${copy}`;
        names.add(name);
        return [path, name];
      }),
  );
}
