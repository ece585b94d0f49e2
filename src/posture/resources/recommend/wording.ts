/** Words that several reasons share. */
import { flagOf, type Options } from '../options.ts';
import { timeText } from '../quantity.ts';
import { secondsSeen, type Span } from './spans.ts';

export function percentText(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

/** Minutes since the epoch are enough for people: `2023-11-14T22:13Z`. */
export function momentText(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 16)}Z`;
}

/** `6 d 23 h of 1 replica`. */
export function seenText(all: readonly Span[], replicas: number): string {
  return `${timeText(secondsSeen(all))} of ${replicas} replica${replicas === 1 ? '' : 's'}`;
}

export function tooShort(seconds: number, { minPeriod }: Options): string {
  return `only ${timeText(seconds)} were seen, which tells what was and not what is needed; ${timeText(minPeriod)} are the least (${flagOf('minPeriod')})`;
}

export function rangeOf(all: readonly Span[]): [least: number, most: number] {
  return [
    all.reduce((least, { value }) => Math.min(least, value), Number.POSITIVE_INFINITY),
    all.reduce((most, { value }) => Math.max(most, value), 0),
  ];
}
