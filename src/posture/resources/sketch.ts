/**
 * Quantiles of any number of samples in a few kilobytes: DDSketch (Masson, Rim, Lee, VLDB 2019) as Datadog's library has it.
 * A quantile is wrong by at most `error` of its value, and sketches of parts merge to the sketch of the whole, whoever made
 * them: a replica, an hour, a node.
 */
import { DDSketch } from '@datadog/sketches-js';

/** Relative, on both sides. */
export const error = 0.005;

export interface Sketch {
  /** `weight`: what the value counts for, the seconds that it stands for, say. Values are 0 or more. */
  add(value: number, weight?: number): void;
  merge(other: Sketch): void;
  /** Within `error` of the exact one, never above `max` nor below `min`. Null without values. */
  quantile(share: number): number | null;
  /** The same from above: at least the exact one. */
  atLeast(share: number): number | null;
  /** What all values count for together. */
  readonly weight: number;
  readonly min: number;
  readonly max: number;
}

const inner = new WeakMap<Sketch, DDSketch>();

export function sketch(): Sketch {
  const of = new DDSketch({ relativeAccuracy: error });
  const within = (value: number): number => Math.min(Math.max(value, of.min), of.max);
  const quantile = (share: number): number | null => (of.count === 0 ? null : within(ranked(of, share)));
  const made: Sketch = {
    add: (value, weight = 1) => of.accept(value, weight),
    merge(other) {
      const others = inner.get(other);
      if (others === undefined) throw new Error('only sketches of this module can be merged');
      of.merge(others);
    },
    quantile,
    atLeast(share) {
      const value = quantile(share);
      return value === null ? null : within(value / (1 - error));
    },
    get weight() {
      return of.count;
    },
    get min() {
      return of.min;
    },
    get max() {
      return of.max;
    },
  };
  inner.set(made, of);
  return made;
}

/** Of values, each for as long as it lasted. */
export function sketchOf(all: Iterable<{ readonly value: number; readonly seconds: number }>): Sketch {
  const made = sketch();
  for (const { value, seconds } of all) made.add(value, seconds);
  return made;
}

/** The library's rank is that of whole values, `share × (weight − 1)`, which makes no sense where all together weigh less than one. */
function ranked(of: DDSketch, share: number): number {
  return of.count < 1 ? of.max : of.getValueAtQuantile(share);
}
