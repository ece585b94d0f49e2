/** Usage that follows the hours of the day, or the days of the week. */
import type { Span } from './spans.ts';
import { day } from './spans.ts';

export interface Cycle {
  /** Hours of the day (UTC): the first of busy ones that follow one another, and the one after the last. */
  readonly busy: readonly (readonly [from: number, to: number])[];
  /** Means of the busiest and the calmest hour. */
  readonly high: number;
  readonly low: number;
}

const hours = 24;
/** How much of all differences the hour must explain, and how far the hours must lie apart. */
const leastExplained = 0.5;
const leastRatio = 1.5;

/** Null where less than two days were seen, or the hour makes little difference. */
export function cycleIn(all: readonly Span[]): Cycle | null {
  const first = all.reduce((min, { at }) => Math.min(min, at), Number.POSITIVE_INFINITY);
  const last = all.reduce((max, { at }) => Math.max(max, at), 0);
  if (last - first < 2 * day) return null;
  const sums = Array.from({ length: hours }, () => ({ seconds: 0, value: 0 }));
  const total = { seconds: 0, value: 0, square: 0 };
  for (const span of all) {
    const { value, seconds } = span;
    const own = sums[Math.floor((middleOf(span) % day) / 3600)];
    if (own === undefined) continue;
    own.seconds += seconds;
    own.value += value * seconds;
    total.seconds += seconds;
    total.value += value * seconds;
    total.square += value * value * seconds;
  }
  if (sums.some(({ seconds }) => seconds === 0)) return null;
  const means = sums.map(({ seconds, value }) => value / seconds);
  const mean = total.value / total.seconds;
  const variance = total.square / total.seconds - mean ** 2;
  const between =
    sums.reduce((sum, { seconds }, hour) => sum + seconds * ((means[hour] ?? 0) - mean) ** 2, 0) / total.seconds;
  const [low, high] = [Math.min(...means), Math.max(...means)];
  if (variance <= 0 || between / variance < leastExplained || high < low * leastRatio) return null;
  const isBusy = (hour: number): boolean => (means[hour % hours] ?? 0) >= (low + high) / 2;
  const busy = means.flatMap((_, from): [number, number][] => {
    if (!isBusy(from) || isBusy(from + hours - 1)) return [];
    let to = from;
    while (isBusy(to)) to += 1;
    return [[from, to % hours]];
  });
  return { busy, high, low };
}

/** A sample is of the time before it. */
function middleOf({ at, seconds }: Span): number {
  return Math.max(0, at - seconds / 2);
}

export interface Week {
  /** In the order of a week, `Sat`. */
  readonly calm: readonly string[];
  /** Means of the calm days and of the others. */
  readonly low: number;
  readonly high: number;
}

/** The first of January 1970 was a Thursday. */
const weekdays = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed'];
const inOrder = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** Null where not every day of a week was seen, or they are much alike. One week does not tell whether the next is the same. */
export function weekIn(all: readonly Span[]): Week | null {
  const sums = new Map(weekdays.map((name) => [name, { seconds: 0, value: 0 }]));
  for (const span of all) {
    const { value, seconds } = span;
    const own = sums.get(weekdays[Math.floor(middleOf(span) / day) % 7] ?? '');
    if (own === undefined) continue;
    own.seconds += seconds;
    own.value += value * seconds;
  }
  const means = inOrder.flatMap((name) => {
    const { seconds, value } = sums.get(name) ?? { seconds: 0, value: 0 };
    return seconds < day / 2 ? [] : [{ name, mean: value / seconds }];
  });
  if (means.length < 7) return null;
  const middle = (Math.min(...means.map(({ mean }) => mean)) + Math.max(...means.map(({ mean }) => mean))) / 2;
  const [calm, busy] = [means.filter(({ mean }) => mean < middle), means.filter(({ mean }) => mean >= middle)];
  const low = Math.max(...calm.map(({ mean }) => mean));
  const high = Math.min(...busy.map(({ mean }) => mean));
  // Days that lie in between are no two kinds of days.
  return calm.length > 0 && high >= low * leastRatio ? { calm: calm.map(({ name }) => name), low, high } : null;
}
