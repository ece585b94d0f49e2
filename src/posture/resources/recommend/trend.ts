/**
 * Memory that only grows. Between restarts (usage that drops at once, or a start that was seen) it is cut into eight parts:
 * a leak is higher in nearly each of them and still rises at the end. What fills a cache rises and settles; what changes its
 * level rises once; what follows the day comes down slowly. None of those passes.
 */
import type { Replica, Sample } from '../series.ts';
import { day, usualStep } from './spans.ts';

export interface Leak {
  /**
   * - `endless`: for longer than a day, and nothing ended it.
   * - `restarts`: it was ended by restarts, so its peak is known as long as they come as often.
   * - `rising`: for less than a day: a day's own rise would look the same.
   */
  readonly type: 'endless' | 'restarts' | 'rising';
  readonly bytesPerHour: number;
  readonly restarts: number;
}

const parts = 8;
/** Of what it was at first. */
const leastGrowth = 0.2;
const drop = 0.3;
const leastRestarts = 2;
/** Seconds. What grows for less than that is a program at its work: a job, a cache that fills. */
const leastTime = 3600;
const beyond = 1.2;

interface Run {
  readonly samples: readonly Sample[];
  /** Bytes a second; null where it does not rise all the time. */
  readonly slope: number | null;
  readonly ended: boolean;
}

/** Null where nothing leaks. */
export function leakIn(replicas: readonly Replica[]): Leak | null {
  const newest = replicas.reduce((max, { memory }) => Math.max(max, memory.at(-1)?.[0] ?? 0), 0);
  const rising = replicas.flatMap((replica) => runs(replica, newest)).filter(({ slope }) => slope !== null);
  if (rising.length === 0) return null;
  const bytesPerHour = Math.max(...rising.map(({ slope }) => slope ?? 0)) * 3600;
  const [ended, going] = [true, false].map((over) => rising.filter((run) => run.ended === over));
  const restarts = ended?.length ?? 0;
  const reached = Math.max(0, ...(ended ?? []).map(peakOf));
  // What has left behind every peak that a restart ended is bounded by none.
  const endless = (going ?? []).some(
    (run) => secondsOf(run) > day && (restarts < leastRestarts || peakOf(run) > reached * beyond),
  );
  const type = endless ? 'endless' : restarts >= leastRestarts ? 'restarts' : 'rising';
  if (type === 'rising' && going?.length === 0) return null;
  return { type, bytesPerHour, restarts };
}

function runs({ memory, starts }: Replica, newest: number): Run[] {
  const all = runsOf(memory, starts);
  const gone = (memory.at(-1)?.[0] ?? 0) < newest - Math.max(600, 3 * usualStep(memory));
  return all.map((samples, at) => ({ samples, slope: slopeOf(samples), ended: gone || at < all.length - 1 }));
}

function peakOf({ samples }: Run): number {
  return samples.reduce((max, [, value]) => Math.max(max, value), 0);
}

function secondsOf({ samples }: Run): number {
  return (samples.at(-1)?.[0] ?? 0) - (samples[0]?.[0] ?? 0);
}

function runsOf(memory: readonly Sample[], starts: readonly number[]): Sample[][] {
  const runs: Sample[][] = [];
  let run: Sample[] = [];
  for (const [index, sample] of memory.entries()) {
    const before = memory[index - 1];
    const restarted =
      before !== undefined &&
      (sample[1] < before[1] * (1 - drop) || starts.some((start) => start > before[0] && start <= sample[0]));
    if (restarted) {
      runs.push(run);
      run = [];
    }
    run.push(sample);
  }
  if (run.length > 0) runs.push(run);
  return runs;
}

function slopeOf(run: readonly Sample[]): number | null {
  if (run.length < parts * 2 || (run.at(-1)?.[0] ?? 0) - (run[0]?.[0] ?? 0) < leastTime * 0.95) return null;
  const medians = Array.from({ length: parts }, (_, part) => {
    const own = run.slice(Math.floor((part * run.length) / parts), Math.floor(((part + 1) * run.length) / parts));
    return own.map(([, value]) => value).toSorted((a, b) => a - b)[Math.floor(own.length / 2)] ?? 0;
  });
  const [first = 0] = medians;
  const growth = (medians.at(-1) ?? 0) - first;
  if (growth < first * leastGrowth || growth <= 0) return null;
  const usual = growth / (parts - 1);
  const rises = medians.slice(1).map((median, at) => median - (medians[at] ?? 0) >= usual / 4);
  if (rises.filter(Boolean).length < parts - 2 || !rises.slice(-2).every(Boolean)) return null;
  // From the middle of the first part to the middle of the last.
  const seconds = (((run.at(-1)?.[0] ?? 0) - (run[0]?.[0] ?? 0)) * (parts - 1)) / parts;
  return seconds > 0 ? growth / seconds : null;
}
