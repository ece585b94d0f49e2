/** Answers from what is stored. */
import { momentOf, type Scope } from '#api/scope.ts';
import type { Recording } from '#observation/recording.ts';
import { Refusal } from '../access/refusal.ts';
import type { Query } from '../storage/query.ts';
import { linesOf, type Named, named, recordingsOf, whole } from '../storage/reading.ts';
import { statusOf } from '../storage/status.ts';
import type { Context } from './context.ts';

/** What one request may hold in memory at once: larger questions are asked by workload. */
const maxFacts = 300_000;

export function queryOf({ cluster, now }: Context, { since, until, type, ...names }: Scope): Query {
  const at = now();
  return {
    ...Object.fromEntries(Object.entries(names).filter(([, value]) => value !== undefined)),
    ...(cluster === null ? {} : { cluster }),
    ...(type === undefined ? {} : { types: typeof type === 'string' ? [type] : type }),
    ...(since === undefined ? {} : { since: momentOf(since, at) }),
    ...(until === undefined ? {} : { until: momentOf(until, at) }),
  };
}

/** 404 when nothing is stored of it. */
export async function found(context: Context, scope: Scope): Promise<{ query: Query; all: readonly Named[] }> {
  const query = queryOf(context, scope);
  const all = await named(context.storage, query);
  if (all.length > 0) return { query, all };
  const words = Object.entries(scope).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  throw new Refusal(404, `nothing is recorded${words.length === 0 ? '' : ` for ${words.join(', ')}`}`);
}

export async function* recordingLines(
  { storage, by }: Context,
  all: readonly Named[],
  query: Query,
): AsyncGenerator<string> {
  for (const each of all) {
    for await (const recording of recordingsOf(storage, each, query, by)) yield* linesOf(recording);
  }
}

/** With all their facts. */
export async function recordings({ storage, by }: Context, all: readonly Named[], query: Query): Promise<Recording[]> {
  const read: Recording[] = [];
  let facts = 0;
  for (const each of all) {
    for await (const stored of recordingsOf(storage, each, query, by)) {
      const recording = await whole(stored, maxFacts - facts);
      if (recording === null) {
        throw new Refusal(422, `that is more than ${maxFacts} facts; ask by namespace, workload or time`);
      }
      facts += recording.observations.length;
      read.push(recording);
    }
  }
  return read;
}

export async function* workloadText({ storage }: Context, query: Query): AsyncGenerator<string> {
  yield '{"workloads":[';
  let first = true;
  for (const each of await named(storage, query)) {
    const status = await statusOf(storage, each, query);
    // Its last run may have gone since the names were read.
    if (status === null) continue;
    yield `${first ? '' : ','}${JSON.stringify(status)}`;
    first = false;
  }
  yield ']}\n';
}
