/**
 * Usage from a Prometheus, or what speaks its HTTP API (Thanos, Mimir, VictoriaMetrics): cAdvisor's metrics as the kubelet
 * serves them. Queries and answers only; asking is somebody else's.
 */
import { z } from 'zod';
import type { Workload } from '#kubernetes/workload.ts';
import type { Replica, Sample } from '../series.ts';
import { podPattern } from './pod-names.ts';

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
  const most = (selected: string): string => highest(`max_over_time(${selected}${window})`);
  // Many installations drop cAdvisor's limits. Where nobody tells one, 0: then the usage counts.
  const limit = `(${most(`container_spec_memory_limit_bytes{${labels}}`)} or ${most(`kube_pod_container_resource_limits{${labels},resource="memory"}`)})`;
  const atLimit = (killed: string): string => `(${killed}) * 0 + ${limit} or (${killed}) * 0`;
  const rate = (metric: string): string => highest(`rate(${metric}{${labels}}${window})`);
  switch (part) {
    case 'cpu':
      return rate('container_cpu_usage_seconds_total');
    case 'memory':
      return highest(`max_over_time(container_memory_working_set_bytes{${labels}}${own})`);
    case 'throttled':
      return `${rate('container_cpu_cfs_throttled_periods_total')} / ${rate('container_cpu_cfs_periods_total')}`;
    case 'oom':
      return atLimit(`${highest(`increase(container_oom_events_total{${labels}}${window})`)} > 0`);
    case 'terminated':
      return atLimit(
        `${highest(`kube_pod_container_status_last_terminated_reason{${labels},reason="OOMKilled"}`)} == 1`,
      );
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
  if (status === 'error' || data === undefined) throw new Error(error ?? 'the answer has no data');
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

/** Parts of one container, chunk after chunk → its replicas. `since`: what had ended by then is of before the range. */
export function replicasIn(chunks: Readonly<Record<Part, readonly Matrix[]>>, since: number): Map<string, Replica[]> {
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
        [...pods].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, own]) => replicaOf(name, own, since)),
      ]),
  );
}

function replicaOf(
  name: string,
  { cpu, memory, throttled, oom, terminated, starts }: Record<Part, Sample[]>,
  since: number,
): Replica {
  return {
    name,
    cpu,
    memory,
    throttled: throttled.map(([at, share]) => [at, Math.min(1, share)]),
    oom: killsIn(oom, terminated, memory, since),
    // One of before the range, too: it says that the range's begin is none.
    starts: [...new Set(starts.map(([, at]) => Math.round(at)))],
    peak: null,
  };
}

/** What both sources tell within that time is the same kill. */
const sameKill = 300;

/** An increase is seen for as long as its window lasts, a last end until there is another: what follows at once is no new kill. */
function killsIn(
  oom: readonly Sample[],
  terminated: readonly Sample[],
  memory: readonly Sample[],
  since: number,
): Sample[] {
  const begins = (samples: readonly Sample[]): Sample[] =>
    samples.filter(([at], index) => at - (samples[index - 1]?.[0] ?? 0) > sameKill);
  const all = [...begins(oom), ...begins(terminated).filter(([at]) => at > since)].toSorted((a, b) => a[0] - b[0]);
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
  const length = Math.max(1, Math.floor(Math.min(10_000, 86_400 / step))) * step;
  const aligned = (at: number): number => Math.floor(at / step) * step;
  const chunks: { start: number; end: number }[] = [];
  for (let start = aligned(since); start <= until; start += length)
    chunks.push({ start, end: Math.min(start + length - step, aligned(until)) });
  return chunks;
}

/** A PromQL string. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
