/** What of the samples counts: all, or what came after the last level. */
import type { Options } from '../options.ts';
import { type Shift, shiftIn } from './shift.ts';
import { secondsCovered, secondsSeen, type Span, reaches } from './spans.ts';
import { sureness } from './sureness.ts';
import { tooShort } from './wording.ts';

export interface ReplicaSpans<S extends Span = Span> {
  readonly name: string | null;
  readonly spans: readonly S[];
}

export interface Kept<S extends Span> {
  /** Those of which something is left. */
  readonly replicas: readonly ReplicaSpans<S>[];
  /** Those that were there to the end, for long enough to speak for themselves: what replaced others rules, however many those were. */
  readonly running: readonly ReplicaSpans<S>[];
  /** Of all of them. */
  readonly flat: readonly S[];
  readonly shift: Shift | null;
  /** Seconds since the epoch: after that. */
  readonly since: number;
  readonly newest: number;
  readonly sure: number;
  /** Why they are no ground for a figure; null when they are. */
  readonly tooLittle: string | null;
}

/** `share`: the quantile of a day that is its level; null where there are none. */
export function keptOf<S extends Span>(
  all: readonly ReplicaSpans<S>[],
  { what, share, starts }: { readonly what: string; readonly share: number | null; readonly starts: number },
  options: Options,
): Kept<S> {
  const newest = Math.max(0, ...all.map(({ spans }) => spans.at(-1)?.at ?? 0));
  const every = all.flatMap(({ spans }) => spans);
  const shift = share === null ? null : shiftIn(every, newest, share, options);
  const since = shift?.at ?? Number.NEGATIVE_INFINITY;
  const replicas = all
    .map(({ name, spans }) => ({ name, spans: spans.filter(({ at }) => at > since) }))
    .filter(({ spans }) => spans.length > 0);
  const flat = replicas.flatMap(({ spans }) => spans);
  const own = replicas.map(({ spans }) => spans);
  const covered = secondsCovered(flat);
  const short = covered < options.minPeriod ? tooShort(covered, options) : null;
  const tooLittle = flat.length === 0 ? `there are no samples of ${what}` : short;
  const running = replicas.filter(({ spans }) => reaches(spans, newest) && secondsSeen(spans) >= options.minPeriod);
  return { replicas, running, flat, shift, since, newest, sure: sureness(own, starts), tooLittle };
}
