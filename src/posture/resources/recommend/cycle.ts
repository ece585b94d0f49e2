/** Usage that follows the hours of the day. */
import type { Span } from './spans.ts';
import { day } from './spans.ts';

export interface Cycle {
  /** Hours of the day (UTC), the first of the busy ones and the one after the last. */
  readonly from: number;
  readonly to: number;
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
  for (const { at, value, seconds } of all) {
    const own = sums[Math.floor((at % day) / 3600)];
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
  const busy = means.map((each) => each >= (low + high) / 2);
  const from = busy.findIndex((each, hour) => each && busy[(hour + hours - 1) % hours] !== true);
  let to = from;
  while (busy[to % hours] === true) to += 1;
  return { from, to: to % hours, high, low };
}
