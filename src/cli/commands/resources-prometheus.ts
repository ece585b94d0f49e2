/** Asks a Prometheus, or what speaks its HTTP API, for ranges: chunk after chunk, so that no answer is too long. */
import { readFile } from 'node:fs/promises';
import {
  type Asked,
  chunksOf,
  type Matrix,
  matrixOf,
  type Part,
  parts,
  queryOf,
  replicasIn,
} from '#posture/resources/sources/prometheus.ts';
import type { ContainerUsage } from '#posture/resources/series.ts';
import { Failure, systemReason } from '../failure.ts';
import { showProgress, tell } from '../story.ts';
import { milliseconds } from '../times.ts';

export interface PrometheusFlags {
  readonly prometheusHeader?: readonly string[];
  readonly prometheusTenant?: string;
  readonly prometheusTokenFile?: string;
  readonly prometheusSelector?: string;
  readonly requestTimeout?: string;
}

export interface Prometheus {
  /** Between two times, in seconds since the epoch. */
  usage(asked: Asked, since: number, until: number): Promise<ContainerUsage[]>;
}

/** `url`: with the path under which the API lies, `http://mimir/prometheus`. */
export async function openPrometheus(url: string, flags: PrometheusFlags): Promise<Prometheus> {
  const base = url.replace(/\/+$/, '');
  const headers = await headersOf(flags);
  const timeout = milliseconds('--request-timeout', flags.requestTimeout ?? '30s');
  const told = new Set<string>();

  async function range(query: string, step: number, chunk: { start: number; end: number }): Promise<Matrix> {
    const body = new URLSearchParams({ query, start: String(chunk.start), end: String(chunk.end), step: String(step) });
    const response = await fetch(`${base}/api/v1/query_range`, {
      method: 'POST',
      headers,
      body,
      signal: AbortSignal.timeout(timeout),
    }).catch((error: unknown) => {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      throw new Failure(`cannot reach Prometheus at ${base}: ${systemReason(cause)}`, 3, error);
    });
    const text = await response.text();
    try {
      return matrixOf(JSON.parse(text));
    } catch (error) {
      const reason = error instanceof SyntaxError ? 'the answer is no JSON' : (error as Error).message;
      throw new Failure(`Prometheus at ${base} refuses the query (status ${response.status}): ${reason}`, 2, error);
    }
  }

  return {
    async usage(asked, since, until) {
      const chunks: Record<Part, Matrix[]> = {
        cpu: [],
        memory: [],
        throttled: [],
        oom: [],
        terminated: [],
        starts: [],
      };
      for (const chunk of chunksOf(since, until, asked.step))
        for (const part of parts) {
          showProgress(
            `asking for ${part} of ${asked.workload.name} from ${new Date(chunk.start * 1000).toISOString()}`,
          );
          const matrix = await range(queryOf(part, asked), asked.step, chunk);
          chunks[part].push(matrix);
          for (const warning of matrix.warnings) {
            if (!told.has(warning)) tell(`Prometheus warns, so something may be missing: ${warning}`);
            told.add(warning);
          }
        }
      return [...replicasIn(chunks)].map(([name, replicas]) => ({ name, replicas, current: null }));
    },
  };
}

async function headersOf(flags: PrometheusFlags): Promise<Headers> {
  const headers = new Headers({ accept: 'application/json' });
  for (const header of flags.prometheusHeader ?? []) {
    const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(header) ?? [];
    if (name === undefined || value === undefined)
      throw new Failure(`--prometheus-header takes "Name: value", not ${JSON.stringify(header)}`);
    headers.set(name, value);
  }
  if (flags.prometheusTenant !== undefined) headers.set('X-Scope-OrgID', flags.prometheusTenant);
  if (flags.prometheusTokenFile !== undefined) {
    const token = await readFile(flags.prometheusTokenFile, 'utf8').catch((error: unknown) => {
      throw new Failure(`cannot read ${JSON.stringify(flags.prometheusTokenFile)}: ${systemReason(error)}`, 2, error);
    });
    headers.set('Authorization', `Bearer ${token.trim()}`);
  }
  return headers;
}
