/**
 * What would have happened to a container under given requests and limits, as the kernel and the kubelet treat them:
 *
 * - Memory over the limit is a kill. It stays one kill until usage is below the limit again. A kill that was recorded would
 *   have come again unless the limit is above the size at which it came; where samples show the same one, it counts once.
 * - CPU over the limit is throttled, for as long as the sample stands for. CPU over the request runs where the node has
 *   some to spare; it is counted, and no failure.
 * - What is requested and not used is wasted: nobody else can request it.
 *
 * A sample stands for the time since the one before, at most for three of the usual steps. Nothing of this is shared with what
 * recommends.
 */
import type { Figures } from '../figures.ts';
import type { Replica, Sample } from '../series.ts';

export interface Verdict {
  readonly cpu: {
    readonly samples: number;
    /** Null where nothing is requested: nothing is promised that could be too little. */
    readonly aboveRequest: number | null;
    readonly throttledMinutes: number;
    readonly wastedCoreHours: number;
  };
  readonly memory: {
    readonly samples: number;
    readonly aboveRequest: number | null;
    readonly oomKills: number;
    readonly wastedByteHours: number;
  };
}

/** In seconds since the epoch: only samples after `since` and up to `until` are judged. */
export interface Window {
  readonly since: number;
  readonly until: number;
}

const always: Window = { since: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY };
const hour = 3600;

export function replay({ cpu, memory }: Figures, replicas: readonly Replica[], window: Window = always): Verdict {
  const verdict = {
    cpu: { samples: 0, aboveRequest: cpu.request === null ? null : 0, throttledMinutes: 0, wastedCoreHours: 0 },
    memory: { samples: 0, aboveRequest: memory.request === null ? null : 0, oomKills: 0, wastedByteHours: 0 },
  };
  for (const replica of replicas) {
    const [ofCpu, ofMemory] = [held(replica.cpu, window), held(replica.memory, window)];
    for (const { value, seconds } of ofCpu) {
      verdict.cpu.samples += 1;
      if (cpu.limit !== null && value > cpu.limit) verdict.cpu.throttledMinutes += seconds / 60;
      if (cpu.request === null) continue;
      if (value > cpu.request) verdict.cpu.aboveRequest = (verdict.cpu.aboveRequest ?? 0) + 1;
      verdict.cpu.wastedCoreHours += Math.max(0, cpu.request - value) * seconds;
    }
    for (const { value, seconds } of ofMemory) {
      verdict.memory.samples += 1;
      if (memory.request === null) continue;
      if (value > memory.request) verdict.memory.aboveRequest = (verdict.memory.aboveRequest ?? 0) + 1;
      verdict.memory.wastedByteHours += Math.max(0, memory.request - value) * seconds;
    }
    verdict.memory.oomKills += killsOf(replica, memory.limit, window);
  }
  verdict.cpu.wastedCoreHours /= hour;
  verdict.memory.wastedByteHours /= hour;
  return verdict;
}

function killsOf({ memory, oom }: Replica, limit: number | null, { since, until }: Window): number {
  if (limit === null) return 0;
  const inside = ([at]: Sample): boolean => at > since && at <= until;
  const isOver = (sample: Sample | undefined): boolean => sample !== undefined && sample[1] > limit;
  const shown = memory.filter(inside);
  const crossed = shown.filter((sample, index) => isOver(sample) && !isOver(shown[index - 1])).length;
  // What a sample before it shows lasted until then, and one after it is of the time before it.
  const unseen = oom.filter((kill) => {
    const after = shown.findIndex(([at]) => at >= kill[0]);
    const before = after === -1 ? shown.at(-1) : shown[after - 1];
    return inside(kill) && kill[1] >= limit && !isOver(before) && !isOver(shown[after]);
  }).length;
  return crossed + unseen;
}

interface Held {
  readonly value: number;
  readonly seconds: number;
}

function held(samples: readonly Sample[], { since, until }: Window): Held[] {
  const steps = samples.slice(1).map(([at], index) => at - (samples[index]?.[0] ?? at));
  const usual = steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
  return samples.flatMap(([at, value], index) =>
    at <= since || at > until ? [] : [{ value, seconds: Math.min(steps[index - 1] ?? usual, 3 * usual) }],
  );
}
