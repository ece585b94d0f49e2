/**
 * How sure samples make: 0 to 1, without a step at any number of them. What counts is which hours of a day and of a week were
 * seen, since these are what usage follows; then how little was missed in between, and whether starts were seen.
 */
import { type Span, secondsSeen } from './spans.ts';

/** Seconds between two samples, from which on peaks in between are likely to be missed. */
export const sparse = 300;

const hour = 3600;
const week = 168;
/** Of the daily and of the weekly cycle: a day that was seen whole says less than half of what a week does. */
const [ofDay, ofWeek] = [0.4, 0.6];
/** What is left where no start was seen. */
const withoutStart = 0.85;

export function sureness(replicas: readonly (readonly Span[])[], starts: number): number {
  const hours = new Float64Array(week);
  let [seen, between, samples] = [0, 0, 0];
  for (const all of replicas) {
    seen += secondsSeen(all);
    samples += all.length;
    between += Math.max(0, (all.at(-1)?.at ?? 0) - (all[0]?.at ?? 0));
    for (const { at, seconds } of all) {
      const place = Math.floor(at / hour) % week;
      hours[place] = (hours[place] ?? 0) + seconds;
    }
  }
  const weekly = hours.reduce((sum, seconds) => sum + Math.min(1, seconds / hour), 0) / week;
  let daily = 0;
  for (let each = 0; each < 24; each += 1) {
    let seconds = 0;
    for (let place = each; place < week; place += 24) seconds += hours[place] ?? 0;
    daily += Math.min(1, seconds / hour) / 24;
  }
  const step = seen / Math.max(1, samples);
  const density = between === 0 ? 1 : Math.min(1, seen / between);
  const started = withoutStart + (1 - withoutStart) * Math.min(1, starts / 2);
  return (ofDay * daily + ofWeek * weekly) * (0.5 + density / 2) * started * Math.min(1, Math.sqrt(sparse / step));
}

/** For output: thousandths, so that next to nothing is not called nothing. */
export function roundedSureness(sure: number): number {
  return Math.round(sure * 1000) / 1000;
}
