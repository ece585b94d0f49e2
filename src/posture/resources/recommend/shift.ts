/**
 * A level that changed for good: then only what came after it counts. Days are compared, so that the hours of a day are no
 * change; and down it goes only after longer than the low stretches that were seen to end: a weekend is no new level.
 */
import type { Options } from '../options.ts';
import { sketchOf } from '../sketch.ts';
import type { Finding } from './advice.ts';
import { day, days, type Span } from './spans.ts';
import { momentText } from './wording.ts';

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
  const levels = days(all, newest)
    .filter(({ seen }) => seen >= day / 2)
    .map((each) => ({ since: each.since, level: sketchOf(each.spans).atLeast(share) ?? 0 }));
  const places = levels.slice(1).map(({ since }, index): Place => {
    const [before, after] = [levels.slice(0, index + 1), levels.slice(index + 1)].map((part) =>
      part.map(({ level }) => level),
    ) as [number[], number[]];
    return { before, after, shift: { at: since, before: Math.max(...before), after: Math.max(...after) } };
  });
  // What came before the last fall is gone, a rise among it; of a rise the earliest place keeps the most of what is still true.
  return (places.findLast((place) => falls(place, shiftAfter)) ?? places.find(rises))?.shift ?? null;
}

/** `what` it is of, and its levels in words. */
export function shiftFinding(shift: Shift | null, what: string, text: (value: number) => string): Finding[] {
  if (shift === null) return [];
  const said = `${what} went from ${text(shift.before)} to ${text(shift.after)}; what was before ${momentText(shift.at)} is left out`;
  return [{ type: 'shift', text: said }];
}

interface Place {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly shift: Shift;
}

function falls({ before, after, shift }: Place, shiftAfter: number): boolean {
  const last = before.at(-1) ?? 0;
  const isLong = shiftAfter > 0 && after.length * day >= shiftAfter;
  return isLong && last > 0 && shift.after * factor <= last && after.length > longestLow(before, shift.after * factor);
}

/** From nothing to nothing is no rise. */
function rises({ after, shift }: Place): boolean {
  const lowest = Math.min(...after);
  return lowest > 0 && lowest >= shift.before * factor;
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
