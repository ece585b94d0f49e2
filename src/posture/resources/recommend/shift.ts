/**
 * A level that changed for good: then only what came after it counts. Days are compared, so that the hours of a day are no
 * change; and down it goes only after longer than the low stretches that were seen to end: a weekend is no new level.
 */
import type { Options } from '../options.ts';
import { sketch } from '../sketch.ts';
import { type Day, day, days, type Span } from './spans.ts';

export interface Shift {
  /** Seconds since the epoch: what came before is left out. */
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

/** Between levels. */
const factor = 1.5;

/** Null where the level is the same. `share`: which quantile of a day is its level. */
export function shiftIn(all: readonly Span[], newest: number, share: number, { shiftAfter }: Options): Shift | null {
  if (shiftAfter === 0) return null;
  const levels = days(all, newest)
    .filter(({ seen }) => seen >= day / 2)
    .map((each) => ({ since: each.since, level: levelOf(each, share) }));
  // The earliest place keeps the most of what is still true.
  for (let place = 1; place < levels.length; place += 1) {
    const [before, after] = [levels.slice(0, place), levels.slice(place)].map((part) => part.map(({ level }) => level));
    if (before === undefined || after === undefined) break;
    const last = before.at(-1) ?? 0;
    const at = levels[place]?.since ?? newest;
    const [lowest, highest] = [Math.min(...after), Math.max(...after)];
    if (lowest >= Math.max(...before) * factor) return { at, before: Math.max(...before), after: highest };
    const stretch = longestLow(before, highest * factor);
    if (highest * factor <= last && after.length * day >= shiftAfter && after.length > stretch)
      return { at, before: Math.max(...before), after: highest };
  }
  return null;
}

function levelOf({ spans }: Day, share: number): number {
  const all = sketch();
  for (const { value, seconds } of spans) all.add(value, seconds);
  return all.atLeast(share) ?? 0;
}

/** Days on end below the level, which were followed by days above it. */
function longestLow(levels: readonly number[], level: number): number {
  let [longest, now] = [0, 0];
  for (const each of levels) {
    if (each < level) now += 1;
    else {
      longest = Math.max(longest, now);
      now = 0;
    }
  }
  return longest;
}
