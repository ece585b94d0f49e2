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
export function reaches(samples: readonly Span[], newest: number): boolean {
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
  // Samples of one replica follow one another: few ranges are left to be sorted.
  const ranges: { from: number; to: number }[] = [];
  for (const { at, seconds } of all) {
    const last = ranges.at(-1);
    if (last !== undefined && at >= last.to && at - seconds >= last.from && at - seconds <= last.to) last.to = at;
    else ranges.push({ from: at - seconds, to: at });
  }
  let [union, end] = [0, Number.NEGATIVE_INFINITY];
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    union += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return union;
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
