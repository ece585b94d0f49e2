/** Samples with the time that each stands for. */
import type { Sample } from '../series.ts';

export interface Span {
  readonly at: number;
  readonly value: number;
  /** Since the sample before, at most three of the usual steps: what lies in a hole nobody saw. */
  readonly seconds: number;
}

export const day = 86_400;

export function spans(samples: readonly Sample[]): Span[] {
  const usual = usualStep(samples);
  return samples.map(([at, value], index) => {
    const before = samples[index - 1]?.[0];
    return { at, value, seconds: before === undefined ? usual : Math.min(at - before, 3 * usual) };
  });
}

/** The median distance; a lone sample stands for one second, which is next to nothing. */
export function usualStep(samples: readonly Sample[]): number {
  const steps = samples.slice(1).map(([at], index) => at - (samples[index]?.[0] ?? at));
  return steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 1;
}

/** Whether the last sample is as new as can be expected. */
export function still(samples: readonly Span[], newest: number): boolean {
  const last = samples.at(-1);
  return last !== undefined && last.at >= newest - Math.max(600, 3 * last.seconds);
}

export function secondsSeen(all: readonly Span[]): number {
  return all.reduce((sum, { seconds }) => sum + seconds, 0);
}

/**
 * How much time was seen by one replica or another: ten that were watched for the same minute are a minute, ten jobs of a
 * minute that followed one another are ten.
 */
export function secondsCovered(all: readonly Span[]): number {
  const [begins, ends] = [new Float64Array(all.length), new Float64Array(all.length)];
  for (const [index, { at, seconds }] of all.entries()) {
    begins[index] = at - seconds;
    ends[index] = at;
  }
  begins.sort();
  ends.sort();
  // Where all that had begun have ended before the next begins, nobody looked.
  let holes = 0;
  for (let next = 1; next < all.length; next += 1) holes += Math.max(0, (begins[next] ?? 0) - (ends[next - 1] ?? 0));
  return (ends.at(-1) ?? 0) - (begins[0] ?? 0) - holes;
}

/** What a sample still counts for: next to nothing, but never nothing. */
export function weightOf({ at, seconds }: Span, newest: number, halfLife: number): number {
  return halfLife === 0 ? seconds : Math.max(seconds * 2 ** ((at - newest) / halfLife), Number.MIN_VALUE);
}

/** The whole days back from `newest`, the oldest first; that may be seen in part. */
export function days(all: readonly Span[], newest: number): Day[] {
  const byDay = Map.groupBy(all, ({ at }) => Math.floor((newest - at) / day));
  return [...byDay]
    .map(([back, own]) => ({ since: newest - (back + 1) * day, spans: own, seen: secondsCovered(own) }))
    .toSorted((a, b) => a.since - b.since);
}

export interface Day {
  readonly since: number;
  readonly spans: readonly Span[];
  /** Seconds of it, by one replica or another. */
  readonly seen: number;
}
