/** What our agents sampled (baselines) → series. Counters become rates between two samples of one run. */
import type { Baseline } from '#baseline/baseline.ts';
import type { ObservationOf } from '#observation/observation.ts';
import type { Workload } from '#kubernetes/workload.ts';
import type { ContainerUsage, Replica, Sample } from '../series.ts';

/** A workload's series; `workload` null for what ran outside of a cluster. */
export interface Measured {
  readonly id: string;
  readonly workload: Workload | null;
  readonly name: string;
  readonly containers: readonly ContainerUsage[];
}

type Usage = Omit<ObservationOf<'usage'>, 'container' | 'type'>;

export function seriesOf(baselines: readonly Baseline[]): Measured[] {
  const byWorkload = Map.groupBy(baselines, ({ place, workload }) =>
    JSON.stringify([place?.cluster ?? '', place?.namespace ?? '', place?.kind ?? '', workload]),
  );
  return [...byWorkload.values()].flatMap((own): Measured[] => {
    const [first] = own;
    if (first === undefined) return [];
    const { place, workload: name } = first;
    const workload = place === null ? null : { namespace: place.namespace, kind: place.kind, name };
    const containers = own.map((baseline) => ({
      name: baseline.container,
      replicas: replicasOf(baseline),
      current: null,
    }));
    const id = workload === null ? name : `${workload.namespace}/${workload.kind}/${name}`;
    return [{ id, workload, name, containers }];
  });
}

/** One for each pod: a restarted container goes on where it ended, with one start more. */
function replicasOf({ facts, instances }: Baseline): Replica[] {
  const samples = new Map<string, Usage[]>();
  for (const { claim, seen } of facts)
    if (claim.type === 'usage')
      for (const id of Object.keys(seen)) {
        const own = samples.get(id);
        if (own === undefined) samples.set(id, [claim]);
        else own.push(claim);
      }
  const runs = instances.flatMap(({ id, pod, started, fromStart }): Run[] => {
    const own = inOrder(samples.get(id) ?? []);
    if (own.length === 0) return [];
    // One that nobody watched, too: it says that the first sample is none.
    const replica = { name: pod?.name ?? id, starts: [started / 1000], ...figures(own, fromStart ? started : null) };
    const times = own.map(({ at }) => at).toSorted((a, b) => a - b);
    return [{ pod: pod?.uid ?? id, from: times[0] ?? 0, to: times.at(-1) ?? 0, replica }];
  });
  const byPod = Map.groupBy(runs, ({ pod }) => pod);
  return [...byPod.values()].flatMap(joined);
}

/**
 * By time. Where a clock went back, samples of two times lie between one another, and rates between them would be of neither:
 * counters that fall again and again show it, and then they tell the order.
 */
function inOrder(samples: readonly Usage[]): Usage[] {
  const sorted = samples.toSorted((a, b) => a.at - b.at);
  const counters = sorted.map(({ cpuMicroseconds }) => cpuMicroseconds ?? Number.NaN);
  const falls = counters.filter((counter, at) => counter < (counters[at - 1] ?? 0)).length;
  if (falls < 2 || counters.some(Number.isNaN)) return sorted;
  return sorted.toSorted((a, b) => (a.cpuMicroseconds ?? 0) - (b.cpuMicroseconds ?? 0));
}

interface Run {
  readonly pod: string;
  readonly from: number;
  readonly to: number;
  readonly replica: Replica;
}

/** Runs that overlap (which a clock that went back makes look so) stay apart. */
function joined(runs: readonly Run[]): Replica[] {
  const sorted = runs.toSorted((a, b) => a.from - b.from);
  if (sorted.some(({ from }, at) => from <= (sorted[at - 1]?.to ?? -1))) return runs.map(({ replica }) => replica);
  const all = sorted.map(({ replica }) => replica);
  const peaks = all.flatMap(({ peak }) => peak ?? []);
  const [first] = all;
  if (first === undefined) return [];
  return [
    {
      name: first.name,
      cpu: all.flatMap(({ cpu }) => cpu),
      memory: all.flatMap(({ memory }) => memory),
      oom: all.flatMap(({ oom }) => oom),
      throttled: all.flatMap(({ throttled }) => throttled),
      starts: all.flatMap(({ starts }) => starts),
      peak: peaks.length === 0 ? null : Math.max(...peaks),
    },
  ];
}

/** `started`: milliseconds since the epoch, when the counters began at zero; null where that was not seen. */
function figures(own: readonly Usage[], started: number | null): Omit<Replica, 'name' | 'starts'> {
  const cpu: Sample[] = [];
  const throttled: Sample[] = [];
  const memory: Sample[] = [];
  const oom: Sample[] = [];
  let cache = 0;
  let peak: number | null = null;
  const zero = { cpuMicroseconds: 0, cpuPeriods: 0, cpuThrottledPeriods: 0, oomKills: 0 };
  let before: Pick<Usage, 'at' | keyof typeof zero> | null = started === null ? null : { at: started, ...zero };
  for (const now of own) {
    const at = now.at / 1000;
    const bytes = now.workingSetBytes ?? now.memoryBytes;
    if (bytes !== null) memory.push([at, bytes]);
    if (now.memoryBytes !== null && now.workingSetBytes !== null)
      cache = Math.max(cache, now.memoryBytes - now.workingSetBytes);
    // The kernel's own peak counts what it could have dropped, too.
    if (now.memoryPeakBytes !== null) peak = Math.max(0, now.memoryPeakBytes - cache);
    // One that happened before anybody looked has happened all the same.
    const kills = before === null ? now.oomKills : since(before.oomKills, now.oomKills);
    // It ran into its limit then, which is the highest that it ever reached.
    if (kills !== null && kills > 0) oom.push([at, Math.max(now.memoryPeakBytes ?? 0, bytes ?? 0)]);
    if (before !== null && now.at > before.at) {
      const microseconds = since(before.cpuMicroseconds, now.cpuMicroseconds);
      if (microseconds !== null) cpu.push([at, microseconds / 1000 / (now.at - before.at)]);
      const periods = since(before.cpuPeriods, now.cpuPeriods);
      const waited = since(before.cpuThrottledPeriods, now.cpuThrottledPeriods);
      if (periods !== null && waited !== null && periods > 0) throttled.push([at, Math.min(1, waited / periods)]);
    }
    before = now;
  }
  return { cpu: byTime(cpu), memory: byTime(memory), oom: byTime(oom), throttled: byTime(throttled), peak };
}

/** Of two samples of one time, which a clock that went back makes, the higher. */
function byTime(samples: readonly Sample[]): Sample[] {
  const sorted = samples.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
  return sorted.filter(([at], index) => at !== sorted[index + 1]?.[0]);
}

/** What a counter rose by; null where it is not told, or began again. */
function since(before: number | null, now: number | null): number | null {
  return before === null || now === null || now < before ? null : now - before;
}
