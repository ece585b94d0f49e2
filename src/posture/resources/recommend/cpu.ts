/**
 * CPU. The request is a quantile of what a replica needed, old samples counting less, and never less than the last day's;
 * time in which it had to wait for its limit says "at least". The limit stays unset unless asked for: it makes a program wait
 * while CPU is to spare.
 */
import type { Options } from '../options.ts';
import { coresText } from '../quantity.ts';
import type { Ask, Replica } from '../series.ts';
import { sketch, sketchOf } from '../sketch.ts';
import type { Advised, Figure, Finding } from './advice.ts';
import { burstCores, burstFinding, cycleFindings, floorFinding, throttledFinding } from './cpu-findings.ts';
import { type Cycle, cycleIn, weekIn } from './cycle.ts';
import { keptOf, type ReplicaSpans } from './kept.ts';
import { rounded } from './rounding.ts';
import { type ReplicaNeed, rulingOf, skewOf, sortedNeeds } from './skew.ts';
import { day, secondsSeen, type Span, spans, usualStep, weightOf } from './spans.ts';
import { shiftFinding } from './shift.ts';
import type { Startup } from './startup.ts';
import { percentText, rangeOf, seenText } from './wording.ts';

export interface CpuAdvice extends Advised {
  readonly findings: readonly Finding[];
  readonly cycle: Cycle | null;
  readonly sure: number;
}

/** The share of time from which waiting for the limit tells that it is too low. */
const leastThrottled = 0.01;
const atLimit = 0.95;

export function cpuAdvice(
  steady: readonly Replica[],
  startup: Startup | null,
  current: Ask | null,
  starts: number,
  options: Options,
): CpuAdvice {
  const all = steady.map((replica) => needs(replica, current));
  const kept = keptOf(all, { what: 'CPU', share: options.percentile, starts }, options);
  const { replicas, flat, sure } = kept;
  if (kept.tooLittle !== null) {
    // As it was measured: without what waiting adds.
    const seen = flat.length === 0 ? null : rangeOf(steady.flatMap(({ cpu }) => spans(cpu)));
    const figure: Figure = { state: 'no-opinion', because: kept.tooLittle, seen };
    const findings = shiftFinding(kept.shift, 'CPU', coresText);
    return { request: figure, limit: figure, bounds: null, cycle: null, findings, sure };
  }
  const needOf = (each: ReplicaSpans): ReplicaQuantile => quantileOf(each, kept.newest, options);
  const own = new Map<ReplicaSpans, ReplicaQuantile>(replicas.map((each) => [each, needOf(each)]));
  const quantiles = sortedNeeds(grouped(replicas).map((each) => own.get(each) ?? needOf(each)));
  const running = sortedNeeds(kept.running.flatMap((each) => own.get(each) ?? []));
  const nobody = { name: null, value: 0, lastDay: false };
  const { need: rules, of } = rulingOf(quantiles, running, options.replicaPercentile) ?? { need: nobody, of: '' };
  const waited = secondsSeen(flat.filter(({ waits }) => waits)) / secondsSeen(flat);
  const censored = waited >= leastThrottled;
  const whole = sketchOf(flat);
  const high = Math.max(whole.atLeast(0.999) ?? 0, startup?.cpu ?? 0);
  const needed = options.strategy === 'guaranteed' ? Math.max(high, rules.value) : rules.value;
  const { value, floored } = rounded(needed * (1 + options.cpuMargin), options.cpuFloor, options.cpuStep);
  const who = quantiles.length > 1 ? `, set by ${rules.name ?? 'one replica'} of ${of}` : '';
  const what =
    options.strategy === 'guaranteed'
      ? 'the most of 99.9 % of the time and of the start, since a limit would make it wait'
      : `${percentText(options.percentile)} of the time${rules.lastDay ? ' of the last day, which needed more than the days before' : ''}`;
  const request: Figure = {
    state: 'number',
    value,
    sure: sure * (censored ? 0.7 : 1),
    because: `${what}: ${coresText(needed)}${censored ? ' at least' : ''}${marginText(options)} (${seenText(flat, replicas.length)}${who})`,
  };
  const round = (cores: number): number => rounded(cores, options.cpuFloor, options.cpuStep).value;
  const bounds = [round(whole.quantile(0.5) ?? 0), round(Math.max(whole.max, startup?.cpu ?? 0))] as const;
  const cycle = cycleIn(flat);
  const findings = [
    ...shiftFinding(kept.shift, 'CPU', coresText),
    ...skewOf(quantiles, burstCores / 2, 'CPU', coresText),
    ...(censored ? [throttledFinding(waited)] : []),
    ...burstFinding(flat, rules.value, whole.max),
    ...cycleFindings(cycle, weekIn(flat)),
    ...(floored ? [floorFinding(needed, options)] : []),
  ];
  return { request, limit: limitOf(request, high, options), bounds, cycle, findings, sure };
}

function limitOf(request: Extract<Figure, { state: 'number' }>, high: number, options: Options): Figure {
  if (options.strategy === 'guaranteed')
    return { ...request, because: `as requested, so that the pod is of the class Guaranteed` };
  if (options.cpuLimit === 'none')
    return { state: 'unset', because: 'a CPU limit makes it wait while CPU is to spare (--cpu-limit burst sets one)' };
  const { value } = rounded(Math.max(high * (1 + options.cpuMargin), request.value), options.cpuFloor, options.cpuStep);
  return { ...request, value, because: `99.9 % of the time and the start: ${coresText(high)}${marginText(options)}` };
}

function marginText({ cpuMargin }: Options): string {
  return cpuMargin === 0 ? '' : ` and ${percentText(cpuMargin)} of margin`;
}

interface Need extends Span {
  /** For its limit. */
  readonly waits: boolean;
}

/** Usage while it waits is what it got, not what it needed: raised by the share of time that it waited. */
function needs({ name, cpu, throttled }: Replica, current: Ask | null): ReplicaSpans<Need> {
  const limit = current?.limit ?? null;
  const reach = 3 * usualStep(throttled);
  let next = 0;
  const all = spans(cpu).map((span): Need => {
    while ((throttled[next + 1]?.[0] ?? Number.POSITIVE_INFINITY) <= span.at) next += 1;
    const [at, told] = throttled[next] ?? [Number.NEGATIVE_INFINITY, 0];
    const share = at <= span.at && span.at - at < reach ? told : 0;
    const waits = share >= leastThrottled || (limit !== null && span.value >= limit * atLimit);
    return { ...span, value: span.value * (1 + share), waits };
  });
  return { name, spans: all };
}

interface ReplicaQuantile extends ReplicaNeed {
  readonly lastDay: boolean;
}

/** Replicas that were seen for a short time count as one: alone they are little more than their start. */
function grouped(kept: readonly ReplicaSpans[]): readonly ReplicaSpans[] {
  const longest = Math.max(...kept.map(({ spans }) => secondsSeen(spans)));
  const isLong = ({ spans }: ReplicaSpans): boolean => secondsSeen(spans) >= longest / 10;
  const short = kept.filter((each) => !isLong(each));
  if (short.length === 0) return kept;
  const together = { name: `${short.length} short-lived replicas`, spans: short.flatMap(({ spans }) => spans) };
  return [...kept.filter(isLong), together];
}

function quantileOf({ name, spans }: ReplicaSpans, newest: number, { percentile, halfLife }: Options): ReplicaQuantile {
  const [whole, last] = [sketch(), sketch()];
  // By its own end: of one that is gone for long, all would weigh next to nothing.
  const end = spans.reduce((max, { at }) => Math.max(max, at), 0);
  for (const span of spans) {
    whole.add(span.value, weightOf(span, end, halfLife));
    if (span.at > newest - day) last.add(span.value, span.seconds);
  }
  const [overall, lately] = [whole.atLeast(percentile) ?? 0, last.atLeast(percentile) ?? 0];
  return { name, value: Math.max(overall, lately), lastDay: lately > overall * 1.02 };
}
