/**
 * What changes from run to run, by the form of a name: numbers of processes, identifiers, own names of pods, temporary
 * files, versions of libraries, times of mounted secrets. Each rule says why.
 */
import type { Baseline } from '#baseline/baseline.ts';
import { isLibrary, isSensitive, isTemporary, isTemporaryFolder } from './places.ts';
import type { Pattern, Piece } from './pattern.ts';

type Rule = (segment: string, at: Segment) => { pieces: Piece[]; reason: string } | null;

interface Segment {
  readonly path: string;
  readonly before: string;
  readonly last: boolean;
  /** Reading and mapping: what a library needs. */
  readonly reads: boolean;
}

export class Generaliser {
  readonly #pods: readonly { readonly name: string; readonly prefix: string }[];
  constructor({ instances, workload }: Baseline) {
    const names = new Set(instances.flatMap(({ pod }) => pod?.name ?? []));
    this.#pods = [...names]
      .filter((name) => name.length > workload.length && name.startsWith(`${workload}-`))
      .toSorted((a, b) => b.length - a.length || (a < b ? -1 : 1))
      .map((name) => ({ name, prefix: `${workload}-` }));
  }

  pattern(path: string, letter: string): Pattern {
    const reads = letter === 'r' || letter === 'm';
    const pieces: Piece[] = [];
    const reasons = new Set<string>();
    const segments = path.split('/');
    for (const [index, segment] of segments.entries()) {
      if (index > 0) pieces.push({ literal: '/' });
      const before = segments.slice(0, index).join('/');
      const at = { path, before, last: index === segments.length - 1, reads };
      const found = letter === 'x' ? null : this.#ruled(segment, at);
      pieces.push(...(found?.pieces ?? [{ literal: segment }]));
      if (found !== null) reasons.add(found.reason);
    }
    return { pieces: joined(pieces), reasons: [...reasons] };
  }

  #ruled(segment: string, at: Segment): ReturnType<Rule> {
    for (const rule of isSensitive(at.path) ? inSensitivePlaces : [this.#ownName, ...anywhere]) {
      const found = rule(segment, at);
      if (found !== null) return found;
    }
    return null;
  }

  readonly #ownName: Rule = (segment) => {
    for (const { name, prefix } of this.#pods) {
      const index = segment.indexOf(name);
      if (index < 0) continue;
      const pieces = parts(segment, index, name.length, '*', prefix);
      return { pieces, reason: "the pod's own name" };
    }
    return null;
  };
}

/** The bytes before, the open piece, the bytes behind. `keep`: of the replaced part, what stays. */
function parts(segment: string, index: number, length: number, open: string, keep = ''): Piece[] {
  return [{ literal: segment.slice(0, index) + keep }, { open }, { literal: segment.slice(index + length) }];
}

function token(pattern: RegExp, open: string, reason: string): Rule {
  return (segment) => {
    const found = pattern.exec(segment);
    return found === null ? null : { pieces: parts(segment, found.index, found[0].length, open), reason };
  };
}

const process: Rule = (segment, { before }) =>
  before === '/proc' && /^[1-9][0-9]{0,6}$/.test(segment)
    ? { pieces: [{ open: '@{pid}' }], reason: 'the number of a process' }
    : null;
const thread: Rule = (segment, { before }) =>
  /^\/proc\/[0-9]+\/task$/.test(before) && /^[1-9][0-9]{0,6}$/.test(segment)
    ? { pieces: [{ open: '@{pid}' }], reason: 'the number of a thread' }
    : null;
const descriptor: Rule = (segment, { before }) =>
  /^\/proc\/[0-9]+\/(task\/[0-9]+\/)?(fd|fdinfo)$/.test(before) && /^[0-9]+$/.test(segment)
    ? { pieces: [{ open: '[0-9]*' }], reason: 'the number of a file descriptor' }
    : null;
const terminal: Rule = (segment, { before }) =>
  before === '/dev/pts' && /^[0-9]+$/.test(segment)
    ? { pieces: [{ open: '[0-9]*' }], reason: 'the number of a terminal' }
    : null;

const uuid = token(/[0-9a-f]{8}([-_])[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}/i, '[0-9a-f]*', 'a UUID');
const hexadecimal = token(/(?<![0-9a-f])[0-9a-f]{32,}(?![0-9a-f])/, '[0-9a-f]*', 'an identifier in hexadecimal digits');
const controlGroup: Rule = (segment, at) =>
  at.before.startsWith('/sys/fs/cgroup') ? (uuid(segment, at) ?? hexadecimal(segment, at)) : null;
/** Kubernetes swaps the contents of mounted secrets and config maps by folders that are called after the time. */
const mounted: Rule = (segment) =>
  /^\.\.[0-9]{4}_[0-9_.]+$/.test(segment)
    ? { pieces: [{ literal: '..' }, { open: '[0-9]*' }], reason: 'the time of a mounted secret or config map' }
    : null;

const library: Rule = (segment, { path, reads, last }) => {
  if (!reads || !isLibrary(path)) return null;
  const version = /^(.*\.so\.[0-9]+\.)[0-9][0-9.]*$/.exec(segment);
  if (last && version !== null)
    return { pieces: [{ literal: version[1] ?? '' }, { open: '[0-9]*' }], reason: 'the version of a library' };
  const old = /^(.+-)[0-9]+(?:\.[0-9]+)+(\.so)$/.exec(segment);
  if (last && old !== null)
    return {
      pieces: [{ literal: old[1] ?? '' }, { open: '[0-9]*' }, { literal: '.so' }],
      reason: 'the version of a library',
    };
  if (!last && /^[a-z0-9_]+-linux-gnu[a-z0-9]*$/.test(segment))
    return { pieces: [{ open: '@{multiarch}' }], reason: 'the architecture' };
  const language = /^(python3\.)[0-9]+$/.exec(segment);
  return !last && language !== null
    ? { pieces: [{ literal: language[1] ?? '' }, { open: '[0-9]*' }], reason: 'the version of a language' }
    : null;
};

const inode: Rule = (segment, { last }) =>
  last && /^#[0-9]+$/.test(segment)
    ? { pieces: [{ literal: '#' }, { open: '[0-9]*' }], reason: 'a file without a name (O_TMPFILE)' }
    : null;

/** What mkstemp and its kin leave: six or more characters without order, behind a name or alone. */
const temporaryName: Rule = (segment, { path, before, last }) => {
  if (!isTemporary(path) || !(last || isTemporaryFolder(before))) return null;
  const [, prefix = '', tail] =
    /^(tmp)([a-z0-9_]{8})$/.exec(segment) ?? /^(.*[^A-Za-z0-9]|)([A-Za-z0-9]{6,12})$/.exec(segment) ?? [];
  if (tail === undefined || changes(tail) < 2) return null;
  return { pieces: [{ literal: prefix }, { open: '*' }], reason: 'the name of a temporary file' };
};

/** How often small letters, capitals and digits take turns: seldom in a word, often in chance. */
function changes(name: string): number {
  const kinds = name.replaceAll(/[a-z]/g, 'a').replaceAll(/[A-Z]/g, 'A').replaceAll(/[^aA]/g, '0').split('');
  return kinds.filter((kind, at) => at > 0 && kind !== kinds[at - 1]).length;
}

const inSensitivePlaces: readonly Rule[] = [process, thread, descriptor, terminal, controlGroup, mounted];
const anywhere: readonly Rule[] = [
  library,
  mounted,
  inode,
  uuid,
  hexadecimal,
  token(/(?<![0-9A-Za-z])[0-7][0-9A-HJKMNP-TV-Z]{25}(?![0-9A-Za-z])/, '[0-9A-Z]*', 'a ULID'),
  token(/(?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])/, '[0-9]*', 'a date'),
  token(/(?<![0-9A-Za-z]|[0-9]\.)[0-9]{6,}(?![0-9A-Za-z])/, '[0-9]*', 'a number of six digits or more'),
  temporaryName,
];

/** Neighbouring literals in one; `/proc` by the variable that every profile knows. */
function joined(pieces: readonly Piece[]): Piece[] {
  const found: Piece[] = [];
  for (const piece of pieces) {
    const last = found.at(-1);
    if ('literal' in piece && piece.literal === '') continue;
    if ('literal' in piece && last !== undefined && 'literal' in last)
      found[found.length - 1] = { literal: last.literal + piece.literal };
    else found.push(piece);
  }
  const [first, second] = found;
  return first !== undefined && 'literal' in first && first.literal === '/proc/' && second !== undefined
    ? [{ open: '@{PROC}/' }, ...found.slice(1)]
    : found;
}
