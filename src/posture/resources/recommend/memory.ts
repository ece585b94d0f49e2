/**
 * Memory. The request is a quantile of the daily peaks, old ones counting less, with a margin from how much they differ. The
 * limit is above every peak, that of the start and those that only the kernel saw among them; a kill says that the need was
 * higher than what killed it. What only grows has no right figure.
 */
import type { Options } from '../options.ts';
import { bytesText, mebibyte } from '../quantity.ts';
import type { Ask, Replica } from '../series.ts';
import { sketchOf } from '../sketch.ts';
import type { Advised, Figure, Finding } from './advice.ts';
import { keptOf, type ReplicaSpans } from './kept.ts';
import { rounded } from './rounding.ts';
import { shiftFinding } from './shift.ts';
import { type ReplicaNeed, rulingOf, skewOf, sortedNeeds } from './skew.ts';
import { day, days, spans, weightOf } from './spans.ts';
import type { Startup } from './startup.ts';
import { leakIn, type Leak } from './trend.ts';
import { momentText, rangeOf, seenText } from './wording.ts';

export interface MemoryAdvice extends Advised {
  readonly findings: readonly Finding[];
  readonly sure: number;
}

/** So near to its limit, what it would have used without one is not known. */
const atLimit = 0.95;
/** Margins from the spread of peaks: twice their standard deviation, at most so much. */
const mostMargin = 0.5;
const skewBytes = 50 * mebibyte;

export function memoryAdvice(
  steady: readonly Replica[],
  startup: Startup | null,
  current: Ask | null,
  starts: number,
  options: Options,
): MemoryAdvice {
  const leak = leakIn(steady);
  const all = steady.map(({ name, memory }) => ({ name, spans: spans(memory) }));
  // What grows all the time has no levels.
  const kept = keptOf(all, { what: 'memory', share: leak === null ? 1 : null, starts }, options);
  const { replicas, flat, shift, sure } = kept;
  // Where it rose, what was not enough before is not enough now.
  const fell = shift !== null && shift.after < shift.before;
  const oom = killOf(steady, fell ? shift.at : Number.NEGATIVE_INFINITY, options);
  const findings = [
    ...shiftFinding(shift, 'memory', bytesText),
    ...leakFinding(leak),
    ...(oom === null ? [] : [oom.finding]),
  ];
  const why = kept.tooLittle ?? (leak?.type === 'endless' ? 'it leaks: whatever the figure, it is reached' : null);
  if (why !== null) {
    const figure: Figure = { state: 'no-opinion', because: why, seen: flat.length === 0 ? null : rangeOf(flat) };
    return { request: figure, limit: figure, bounds: null, findings, sure };
  }
  const [, most] = rangeOf(flat);
  const full = current?.limit != null && most >= current.limit * atLimit ? current.limit : null;
  if (full !== null)
    findings.push({
      type: 'at-limit',
      text: `memory reached ${bytesText(most)} of a limit of ${bytesText(full)}: what it would use without one is not known`,
    });
  const short = Math.max(oom?.largest ?? 0, full ?? 0);
  const censored = short === 0 ? 0 : bumped(short, options);
  const enough = `${bytesText(censored)}, since ${bytesText(short)} was not enough`;
  const doubt = (censored > 0 ? 0.6 : 1) * (leak === null ? 1 : 0.5);
  const needs = sortedNeeds(replicas.map((each) => needOf(each, kept.newest, options)));
  findings.push(...skewOf(needs, skewBytes, 'memory', bytesText));
  const margin = Math.min(2 * Math.max(...needs.map(({ spread }) => spread)), mostMargin);
  const running = sortedNeeds(kept.running.map((each) => needOf(each, kept.newest, options)));
  const usual = rulingOf(needs, running, options.replicaPercentile)?.need.value ?? 0;
  const hidden = fell ? 0 : Math.max(0, ...steady.map(({ peak }) => peak ?? 0));
  const peak = Math.max(most, hidden, startup?.memory ?? 0);
  const limitMargin = Math.max(options.memoryMargin, margin);
  const needed = Math.max(peak * (1 + limitMargin), peak + options.memoryMinMargin, censored);
  const limit = rounded(needed, options.memoryFloor, options.memoryStep);
  const request = rounded(Math.max(usual * (1 + margin), censored), options.memoryFloor, options.memoryStep);
  if (request.floored)
    findings.push({
      type: 'floor',
      text: `${bytesText(usual)} of memory would do; the request is the floor of ${bytesText(options.memoryFloor)} (--memory-floor)`,
    });
  const limitFigure: Figure = {
    state: 'number',
    value: Math.max(limit.value, request.value),
    sure: sure * doubt,
    because:
      censored >= needed
        ? enough
        : `the peak of all phases, ${bytesText(peak)}${hidden > most && hidden >= peak ? ' as the kernel saw it between samples' : ''}, and ${bytesText(needed - peak)} of margin`,
  };
  const bounds = [
    rounded(sketchOf(flat).quantile(0.5) ?? 0, options.memoryFloor, options.memoryStep).value,
    limitFigure.value,
  ] as const;
  if (options.strategy === 'guaranteed') return { request: limitFigure, limit: limitFigure, bounds, findings, sure };
  const requestFigure: Figure = {
    state: 'number',
    value: request.value,
    sure: sure * doubt,
    because:
      censored >= usual * (1 + margin)
        ? enough
        : `the usual peak of a day, ${bytesText(usual)}, ${marginText(margin, needs)} (${seenText(flat, replicas.length)})`,
  };
  return { request: requestFigure, limit: limitFigure, bounds, findings, sure };
}

/** Of one day, or none, nothing is known of how days differ. */
function marginText(margin: number, needs: readonly Need[]): string {
  if (needs.every(({ days }) => days < 2)) return 'without a margin: how peaks differ from day to day is not known';
  return `and ${Math.round(margin * 100)} %, twice the deviation of its days' peaks${margin < mostMargin ? '' : ' or the most that is added'}`;
}

interface Kill {
  readonly largest: number;
  readonly finding: Finding;
}

/** None of the sizes at which it was killed was enough, the largest neither. */
function killOf(steady: readonly Replica[], since: number, options: Options): Kill | null {
  const kills = steady.flatMap(({ oom }) => oom).filter(([at]) => at > since);
  const last = kills.toSorted((a, b) => a[0] - b[0]).at(-1);
  if (last === undefined) return null;
  const [at, size] = last;
  const largest = kills.reduce((max, kill) => Math.max(max, kill[1]), 0);
  const least = bumped(largest, options);
  const seen = Math.max(0, ...steady.map(({ memory }) => memory.reduce((max, [, value]) => Math.max(max, value), 0)));
  const unseen = seen < largest ? `; no sample shows more than ${bytesText(seen)}, so its peak was not seen` : '';
  return {
    largest,
    finding: {
      type: 'oom',
      text: `killed for want of memory ${kills.length === 1 ? 'once' : `${kills.length} times`}, last at ${bytesText(size)} on ${momentText(at)}${largest > size ? ` and before at ${bytesText(largest)}` : ''}: at least ${bytesText(least)} from then on${unseen}`,
    },
  };
}

function bumped(size: number, { oomRatio, oomBump }: Options): number {
  return Math.max(size * oomRatio, size + oomBump);
}

interface Peak {
  readonly value: number;
  /** Seconds of its day. */
  readonly seen: number;
  readonly weight: number;
}

interface Need extends ReplicaNeed {
  /** Of its peaks, by their mean. */
  readonly spread: number;
  /** Of which half or more was seen: what the spread is of. */
  readonly days: number;
}

/** From the peaks of its days; a day counts as much as it was seen. */
function needOf({ name, spans: own }: ReplicaSpans, newest: number, { halfLife, percentile }: Options): Need {
  const peaks = days(own, newest).map(({ spans: all, seen }): Peak => {
    const value = all.reduce((max, each) => Math.max(max, each.value), 0);
    const last = all.at(-1)?.at ?? newest;
    return { value, seen, weight: weightOf({ at: last, value, seconds: seen }, newest, halfLife) };
  });
  // A day of which an hour was seen has another peak for that reason alone.
  const whole = peaks.filter(({ seen }) => seen >= day / 2).map(({ value }) => value);
  return { name, value: quantileOf(peaks, percentile), spread: spreadOf(whole), days: whole.length };
}

/** The lowest peak that is at least as high as this share of them. */
function quantileOf(peaks: readonly Peak[], share: number): number {
  const sorted = peaks.toSorted((a, b) => a.value - b.value);
  const whole = sorted.reduce((sum, { weight }) => sum + weight, 0);
  let sum = 0;
  for (const { value, weight } of sorted) {
    sum += weight;
    if (sum >= whole * share) return value;
  }
  return sorted.at(-1)?.value ?? 0;
}

/** The standard deviation, by the mean. */
function spreadOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (mean === 0 || values.length < 2) return 0;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)) / mean;
}

function leakFinding(leak: Leak | null): Finding[] {
  if (leak === null) return [];
  const rate = `memory grows by ${bytesText(leak.bytesPerHour * 24)} a day`;
  const text = {
    endless: `${rate} and nothing ended that: a leak, which no limit fits`,
    restarts: `${rate} until a restart, ${leak.restarts} times: a leak; the limit holds as long as restarts come as often`,
    rising: `${rate} to the end of what was seen: its peak is not known, be it a leak or the hour of the day`,
  }[leak.type];
  return [{ type: 'leak', text }];
}
