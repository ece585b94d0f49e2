/** What changes from run to run in a path, by the form of its segments; each with the reason why. */
import { literalName, type Name, type Piece } from './names.ts';

const temporary = ['/tmp', '/var/tmp', '/dev/shm'];
const sensitive = ['/etc', '/root', '/home', '/run/secrets', '/var/run/secrets', '/proc', '/sys', '/dev', '/boot'];

export function isSensitivePlace(path: string): boolean {
  const below = (folders: readonly string[]): boolean =>
    folders.some((each) => path === each || path.startsWith(`${each}/`));
  return below(sensitive) && !below(temporary);
}

/** Pieces of a glob, by hand: `*` goes over slashes, so runs of `?` are preferred where the length is the same each time. */
const any = (length: number): Piece => ({ open: '?'.repeat(length) });
const digits: Piece = { open: '[0-9]*' };
const rest: Piece = { open: '*' };

type Found = { readonly pieces: readonly Piece[]; readonly reason: string } | null;

export class Changing {
  readonly #pods: readonly string[];
  readonly #workload: string;

  constructor(workload: string, pods: readonly string[]) {
    this.#workload = workload;
    this.#pods = pods.filter((name) => name.startsWith(`${workload}-`)).toSorted((a, b) => b.length - a.length);
  }

  name(path: string): Name {
    const reasons = new Set<string>();
    const segments = path.split('/').map((segment, at, all): readonly Piece[] => {
      const found = this.#segment(segment, all.slice(0, at).join('/'), path);
      if (found === null) return [{ literal: segment }];
      reasons.add(found.reason);
      return found.pieces;
    });
    if (reasons.size === 0) return literalName(path);
    const pieces = segments.flatMap((each, at): Piece[] => (at === 0 ? [...each] : [{ literal: '/' }, ...each]));
    return { pieces: joined(pieces), reasons: [...reasons] };
  }

  #segment(segment: string, before: string, path: string): Found {
    const numberedPlace = /^\/proc$|^\/proc\/[0-9]+\/(task|fd|fdinfo)$|^\/dev\/pts$/;
    if (numberedPlace.test(before) && /^[0-9]+$/.test(segment))
      return { pieces: [digits], reason: 'the number of a process, a file descriptor or a terminal' };
    if (/^\.\.[0-9]{4}_[0-9_.]+$/.test(segment))
      return { pieces: [{ literal: '..' }, digits], reason: 'the time of a mounted secret or config map' };
    if (isSensitivePlace(path)) return null;
    for (const pod of this.#pods) {
      const at = segment.indexOf(pod);
      const kept = segment.slice(0, at + this.#workload.length + 1);
      const pieces = [{ literal: kept }, rest, { literal: segment.slice(at + pod.length) }];
      if (at >= 0) return { pieces, reason: "the pod's own name" };
    }
    return (
      within(segment, /[0-9a-f]{8}([-_])[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}/i, 'a UUID') ??
      within(segment, /(?<![0-9a-f])[0-9a-f]{32,}(?![0-9a-f])/, 'an identifier in hexadecimal digits') ??
      within(segment, /(?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])/, 'a date') ??
      numbered(segment) ??
      temporaryName(segment, before)
    );
  }
}

function within(segment: string, form: RegExp, reason: string): Found {
  const found = form.exec(segment);
  if (found === null) return null;
  const [text] = found;
  const [before, after] = [segment.slice(0, found.index), segment.slice(found.index + text.length)];
  return { pieces: [{ literal: before }, any(text.length), { literal: after }], reason };
}

function numbered(segment: string): Found {
  const found = /(?<![0-9A-Za-z]|[0-9]\.)[0-9]{6,}(?![0-9A-Za-z])/.exec(segment);
  if (found === null) return null;
  const after = segment.slice(found.index + found[0].length);
  return {
    pieces: [{ literal: segment.slice(0, found.index) }, digits, { literal: after }],
    reason: 'a number of six digits or more',
  };
}

/** What mkstemp and its kin leave: characters without order, behind a name or alone. */
function temporaryName(segment: string, before: string): Found {
  if (!temporary.some((each) => before === each || before.startsWith(`${each}/`))) return null;
  const [, prefix = '', tail] =
    /^(tmp)([a-z0-9_]{8})$/.exec(segment) ?? /^(.*[^A-Za-z0-9]|)([A-Za-z0-9]{6,12})$/.exec(segment) ?? [];
  if (tail === undefined || turns(tail) < 2) return null;
  return { pieces: [{ literal: prefix }, any(tail.length)], reason: 'the name of a temporary file' };
}

/** How often small letters, capitals and digits take turns: seldom in a word, often in chance. */
function turns(text: string): number {
  const kinds = Array.from(text, (char) => (/[a-z]/.test(char) ? 'a' : /[A-Z]/.test(char) ? 'A' : '0'));
  return kinds.filter((kind, at) => at > 0 && kind !== kinds[at - 1]).length;
}

function joined(pieces: readonly Piece[]): Piece[] {
  const found: Piece[] = [];
  for (const piece of pieces) {
    const last = found.at(-1);
    if ('literal' in piece && piece.literal === '') continue;
    if ('literal' in piece && last !== undefined && 'literal' in last)
      found[found.length - 1] = { literal: last.literal + piece.literal };
    else found.push(piece);
  }
  return found;
}
