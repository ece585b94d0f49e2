/** Asks a Prometheus, or what speaks its HTTP API, for ranges: chunk after chunk, so that no answer is too long. */
import { readFile } from 'node:fs/promises';
import { printable } from '#observation/text.ts';
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

/** Timers go no further: 24 days. */
const longestWait = 2 ** 31 - 1;

/** `url`: with the path under which the API lies, `http://mimir/prometheus`. */
export async function openPrometheus(url: string, flags: PrometheusFlags): Promise<Prometheus> {
  const base = baseOf(url);
  const headers = await headersOf(flags);
  const wait = flags.requestTimeout ?? '30s';
  const timeout = Math.min(milliseconds('--request-timeout', wait), longestWait);
  const told = new Set<string>();

  function failure(what: string, error: Error): Failure {
    const why = error.name === 'TimeoutError' ? `no answer within ${wait}` : systemReason(error.cause ?? error);
    return new Failure(`${what}: ${why}`, 3, error);
  }

  async function range(query: string, step: number, chunk: { start: number; end: number }): Promise<Matrix> {
    const body = new URLSearchParams({ query, start: String(chunk.start), end: String(chunk.end), step: String(step) });
    const response = await fetch(`${base}/api/v1/query_range`, {
      method: 'POST',
      headers,
      body,
      // Another server would get the headers, and a GET without the query.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout),
    }).catch((error: Error) => {
      throw failure(`cannot reach Prometheus at ${base}`, error);
    });
    const { status } = response;
    const text = await response.text().catch((error: Error) => {
      throw failure(`the answer of Prometheus at ${base} was cut`, error);
    });
    if (status >= 300 && status < 400)
      throw new Failure(`Prometheus at ${base} leads elsewhere (status ${status}); give the URL that answers itself`);
    try {
      return matrixOf(JSON.parse(text));
    } catch (error) {
      const reason = error instanceof SyntaxError ? 'the answer is no JSON' : (error as Error).message;
      const does = status < 300 ? 'gives no usage' : status < 500 ? 'refuses the query' : 'cannot answer';
      const said = printable(`Prometheus at ${base} ${does} (status ${status}): ${reason}`);
      throw new Failure(said, status < 500 ? 2 : 3, error);
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
            if (!told.has(warning)) tell(printable(`Prometheus warns, so something may be missing: ${warning}`));
            told.add(warning);
          }
        }
      return [...replicasIn(chunks, since + asked.step)].map(([name, replicas]) => ({ name, replicas, current: null }));
    },
  };
}

/** Messages show it: what may be a secret comes in headers. */
function baseOf(url: string): string {
  if (!URL.canParse(url))
    throw new Failure('the URL of Prometheus cannot be read; it looks like http://prometheus:9090');
  const { username, password, search, hash, origin, pathname } = new URL(url);
  if (username + password + search + hash !== '')
    throw new Failure(
      'the URL of Prometheus takes no user, password or query; --prometheus-header and --prometheus-token-file carry what it asks for',
    );
  return `${origin}${pathname.replace(/\/+$/, '')}`;
}

/** Values are never shown. */
async function headersOf(flags: PrometheusFlags): Promise<Headers> {
  const headers = new Headers({ accept: 'application/json' });
  const set = (flag: string, name: string, value: string): void => {
    try {
      headers.set(name, value);
    } catch {
      throw new Failure(`${flag} holds what no HTTP header takes: a line break, say, or a letter beyond Latin-1`);
    }
  };
  for (const header of flags.prometheusHeader ?? []) {
    const [, name, value] = /^([^:\s]+):\s*(.*)$/s.exec(header) ?? [];
    if (name === undefined || value === undefined) throw new Failure('--prometheus-header takes "Name: value"');
    set('--prometheus-header', name, value);
  }
  if (flags.prometheusTenant !== undefined) set('--prometheus-tenant', 'X-Scope-OrgID', flags.prometheusTenant);
  const file = flags.prometheusTokenFile;
  if (file !== undefined) {
    const token = await readFile(file, 'utf8').catch((error: unknown) => {
      throw new Failure(`cannot read ${JSON.stringify(file)}: ${systemReason(error)}`, 2, error);
    });
    if (token.trim() === '') throw new Failure(`there is no token in ${JSON.stringify(file)}`);
    set(`the token in ${JSON.stringify(file)}`, 'Authorization', `Bearer ${token.trim()}`);
  }
  return headers;
}
