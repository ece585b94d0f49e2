/**
 * Usage from a Prometheus, or what speaks its HTTP API (Thanos, Mimir, VictoriaMetrics): cAdvisor's metrics as the kubelet
 * serves them. Queries and answers only; asking is somebody else's.
 */
import { z } from 'zod';
import type { Workload } from '#kubernetes/workload.ts';
import type { Replica, Sample } from '../series.ts';

/** `oom`: as cAdvisor counts kills; `terminated`: as kube-state-metrics tells of a container's last end, where it is there. */
export const parts = ['cpu', 'memory', 'throttled', 'oom', 'terminated', 'starts'] as const;
export type Part = (typeof parts)[number];

export interface Asked {
  readonly namespace: string;
  /** Its kind may be unknown: then pods of any kind by that name are taken. */
  readonly workload: Pick<Workload, 'name'> & { readonly kind: string | null };
  /** Seconds between two samples. */
  readonly step: number;
  /** Seconds over which counters become rates: two scrapes at least. */
  readonly window: number;
  /** More label matchers, `cluster="a"`; empty for none. */
  readonly selector: string;
}

/** The alphabet in which Kubernetes writes what it appends to names. */
const safe = '[bcdfghjklmnpqrstvwxz2456789]';

/** A regular expression (RE2, anchored by Prometheus) for names of the workload's pods, those of old rollouts too. */
export function podPattern({ name, kind }: Asked['workload']): string {
  const own = name.replaceAll(/[.]/g, '[.]');
  const suffixes: Readonly<Record<string, string>> = {
    Deployment: `-${safe}{1,10}-${safe}{5}`,
    ReplicaSet: `-${safe}{5}`,
    ReplicationController: `-${safe}{5}`,
    DaemonSet: `-${safe}{5}`,
    Job: `-${safe}{5}`,
    CronJob: `-[0-9]{6,10}-${safe}{5}`,
    StatefulSet: '-[0-9]+',
    Pod: '',
  };
  if (kind !== null) return `${own}${suffixes[kind] ?? `-[a-z0-9-]+`}`;
  return `${own}(${[...new Set(Object.values(suffixes))].join('|')})`;
}

/** PromQL for one part. Several scrapers of one container count once. */
export function queryOf(part: Part, { namespace, workload, step, window: seconds, selector }: Asked): string {
  const labels = [
    `namespace=${quoted(namespace)}`,
    `pod=~${quoted(podPattern(workload))}`,
    'container!=""',
    'container!="POD"',
    ...(selector === '' ? [] : [selector]),
  ].join(',');
  const window = `[${Math.max(step, seconds)}s]`;
  const own = `[${step}s]`;
  const highest = (expression: string): string => `max by (pod, container) (${expression})`;
  // Where a limit is told by nobody, 0: then the usage counts.
  const limit = highest(`max_over_time(container_spec_memory_limit_bytes{${labels}}${window})`);
  const rate = (metric: string): string => highest(`rate(${metric}{${labels}}${window})`);
  switch (part) {
    case 'cpu':
      return rate('container_cpu_usage_seconds_total');
    case 'memory':
      return highest(`max_over_time(container_memory_working_set_bytes{${labels}}${own})`);
    case 'throttled':
      return `${rate('container_cpu_cfs_throttled_periods_total')} / ${rate('container_cpu_cfs_periods_total')}`;
    case 'oom':
      return `(${highest(`increase(container_oom_events_total{${labels}}${window})`)} > 0) * 0 + ${limit}`;
    case 'terminated':
      return `(${highest(`kube_pod_container_status_last_terminated_reason{${labels},reason="OOMKilled"}`)} == 1) * 0 + ${limit}`;
    case 'starts':
      return highest(`container_start_time_seconds{${labels}}`);
  }
}

const value = z.tuple([z.number(), z.string()]);
const answer = z.object({
  status: z.enum(['success', 'error']),
  error: z.string().optional(),
  warnings: z.array(z.string()).optional(),
  data: z
    .object({
      resultType: z.string(),
      result: z.array(z.object({ metric: z.record(z.string(), z.string()), values: z.array(value).optional() })),
    })
    .optional(),
});

export interface Matrix {
  readonly series: readonly { readonly pod: string; readonly container: string; readonly samples: readonly Sample[] }[];
  /** What the server says against its own answer: a store that did not answer, say. */
  readonly warnings: readonly string[];
}

/** Throws an Error whose message says what is wrong with the answer, in the server's words where it has some. */
export function matrixOf(body: unknown): Matrix {
  const parsed = answer.safeParse(body);
  if (!parsed.success) throw new Error('the answer is none of the Prometheus HTTP API');
  const { status, error, warnings = [], data } = parsed.data;
  if (status === 'error' || data === undefined) throw new Error(error ?? 'it gives no reason');
  if (data.resultType !== 'matrix') throw new Error(`the answer is a ${data.resultType}, not a matrix`);
  return {
    warnings,
    series: data.result.flatMap(({ metric: { pod, container }, values = [] }) =>
      pod === undefined || container === undefined ? [] : [{ pod, container, samples: values.flatMap(sampleOf) }],
    ),
  };
}

function sampleOf([at, text]: readonly [number, string]): Sample[] {
  const amount = Number(text);
  return Number.isFinite(amount) && amount >= 0 ? [[at, amount]] : [];
}

/** Parts of one container, chunk after chunk → its replicas. */
export function replicasIn(chunks: Readonly<Record<Part, readonly Matrix[]>>): Map<string, Replica[]> {
  const found = new Map<string, Map<string, Record<Part, Sample[]>>>();
  for (const part of parts)
    for (const { series } of chunks[part])
      for (const { pod, container, samples } of series) {
        const pods = found.get(container) ?? new Map<string, Record<Part, Sample[]>>();
        found.set(container, pods);
        const own = pods.get(pod) ?? { cpu: [], memory: [], throttled: [], oom: [], terminated: [], starts: [] };
        pods.set(pod, own);
        for (const sample of samples) if (sample[0] > (own[part].at(-1)?.[0] ?? -1)) own[part].push(sample);
      }
  return new Map(
    [...found]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([container, pods]) => [
        container,
        [...pods].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, own]) => replicaOf(name, own)),
      ]),
  );
}

function replicaOf(name: string, { cpu, memory, throttled, oom, terminated, starts }: Record<Part, Sample[]>): Replica {
  const first = Math.min(cpu[0]?.[0] ?? Number.POSITIVE_INFINITY, memory[0]?.[0] ?? Number.POSITIVE_INFINITY);
  const started = [...new Set(starts.map(([, at]) => Math.round(at)))].filter((at) => at >= first - 600);
  return {
    name,
    cpu,
    memory,
    throttled: throttled.map(([at, share]) => [at, Math.min(1, share)]),
    oom: killsIn(oom, terminated, memory),
    starts: started,
    peak: null,
  };
}

/** What both sources tell within that time is the same kill. */
const sameKill = 300;

/** An increase is seen for as long as its window lasts, a last end until there is another: what follows at once is no new kill. */
function killsIn(oom: readonly Sample[], terminated: readonly Sample[], memory: readonly Sample[]): Sample[] {
  const all = [oom, terminated]
    .flatMap((samples) => samples.filter(([at], index) => at - (samples[index - 1]?.[0] ?? 0) > sameKill))
    .toSorted((a, b) => a[0] - b[0]);
  return all.flatMap(([at, limit], index): Sample[] => {
    if (at - (all[index - 1]?.[0] ?? 0) <= sameKill) return [];
    const seen = memory.findLast(([when]) => when <= at)?.[1] ?? 0;
    return [[at, limit > 0 ? limit : seen]];
  });
}

/** Ranges that follow one another: a server gives at most 11,000 points of a series in one answer. */
export function chunksOf(
  since: number,
  until: number,
  step: number,
): { readonly start: number; readonly end: number }[] {
  const most = Math.min(10_000 * step, 86_400);
  const chunks: { start: number; end: number }[] = [];
  const aligned = (at: number): number => Math.floor(at / step) * step;
  for (let start = aligned(since); start <= until; start += aligned(most))
    chunks.push({ start, end: Math.min(start + aligned(most) - step, aligned(until)) });
  return chunks.filter(({ start, end }) => end >= start);
}

/** A PromQL string. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
