/**
 * A start apart from what follows. It lasts until usage first comes down to what is usual later; where usage never comes down
 * within the longest time that a start may take, or was not above to begin with, there was no such phase.
 */
import type { Options } from '../options.ts';
import type { Replica, Sample } from '../series.ts';
import { sketchOf } from '../sketch.ts';
import { spans } from './spans.ts';

export interface Startup {
  /** Of the longest start. */
  readonly seconds: number;
  /** The most of all starts. */
  readonly cpu: number;
  readonly memory: number;
  /** How many replicas or restarts showed it. */
  readonly times: number;
  /** True where no source told of the start: the series merely begins so. */
  readonly guessed: boolean;
}

export interface Phases {
  /** The replicas without their starts. */
  readonly steady: readonly Replica[];
  readonly startup: Startup | null;
}

/** Above what is usual by this, it is another phase. */
const cpuFactor = 1.5;
const memoryFactor = 1.2;
/** Below that, differences of CPU are noise. */
const leastCores = 0.02;

/** A replica of which a part is looked at. */
export interface Watched extends Replica {
  /** Whether it was there before that part: its first sample is no begin then. */
  readonly isCut: boolean;
}

export function phases(replicas: readonly Watched[], options: Options): Phases {
  const heads: Head[] = [];
  const steady = replicas.map((replica) => {
    const own = headsOf(replica, options);
    heads.push(...own);
    const out = (samples: readonly Sample[]): Sample[] =>
      own.length === 0 ? [...samples] : samples.filter(([at]) => !own.some(({ from, to }) => at >= from && at < to));
    return { ...replica, cpu: out(replica.cpu), memory: out(replica.memory) };
  });
  if (heads.length === 0) return { steady: replicas, startup: null };
  return {
    steady,
    startup: {
      seconds: Math.max(...heads.map(({ from, to }) => to - from)),
      cpu: Math.max(...heads.map(({ cpu }) => cpu)),
      memory: Math.max(...heads.map(({ memory }) => memory)),
      times: heads.length,
      guessed: heads.every(({ guessed }) => guessed),
    },
  };
}

interface Head {
  readonly from: number;
  readonly to: number;
  readonly cpu: number;
  readonly memory: number;
  readonly guessed: boolean;
}

function headsOf({ cpu, memory, starts, isCut }: Watched, { startupMax }: Options): Head[] {
  const first = Math.min(cpu[0]?.[0] ?? Number.POSITIVE_INFINITY, memory[0]?.[0] ?? Number.POSITIVE_INFINITY);
  const guessed = starts.length === 0;
  if (guessed && isCut) return [];
  const begins = guessed ? [first] : starts;
  const later = (samples: readonly Sample[]): Sample[] =>
    samples.filter(([at]) => !begins.some((begin) => at >= begin && at < begin + startupMax));
  const usualCpu = highOf(later(cpu), 0.95);
  const usualMemory = highOf(later(memory), 1);
  return begins.flatMap((from) => {
    const until = from + startupMax;
    const ends = [
      usualCpu === null ? 0 : endOf(cpu, from, until, Math.max(usualCpu * cpuFactor, usualCpu + leastCores)),
      usualMemory === null ? 0 : endOf(memory, from, until, usualMemory * memoryFactor),
    ];
    const to = Math.max(...ends);
    if (to <= from) return [];
    const most = (samples: readonly Sample[]): number =>
      samples.reduce((max, [at, value]) => (at >= from && at < to ? Math.max(max, value) : max), 0);
    return [{ from, to, cpu: most(cpu), memory: most(memory), guessed }];
  });
}

/** Null where too little follows to say what is usual. */
function highOf(samples: readonly Sample[], share: number): number | null {
  if (samples.length < 3) return null;
  return sketchOf(spans(samples)).atLeast(share);
}

/** When it first was not above; 0 where it was not above at all, or all the time. */
function endOf(samples: readonly Sample[], from: number, until: number, above: number): number {
  const head = samples.filter(([at]) => at >= from && at < until);
  const settled = head.find(([, value]) => value <= above);
  return settled === undefined || settled === head[0] ? 0 : settled[0];
}
