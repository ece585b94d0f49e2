/** What is asked for: whose runs, which release, which time. Everything absent means all. */
import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import { columnText } from './keys.ts';
import type { Tables } from './schema.ts';

export interface Query {
  readonly cluster?: string;
  readonly namespace?: string;
  /** The workload's kind: `Deployment`. */
  readonly kind?: string;
  readonly workload?: string;
  readonly container?: string;
  /** The digest of an image: a release. */
  readonly digest?: string;
  /** Only facts of these types. */
  readonly types?: readonly string[];
  /** What was seen at this time or later, and at that time or earlier; milliseconds since the epoch. */
  readonly since?: number;
  readonly until?: number;
}

/** The runs that a query is about. */
export function runsOf(db: Kysely<Tables>, query: Query) {
  let runs = db.selectFrom('runs');
  const texts = ['cluster', 'namespace', 'kind', 'workload', 'container', 'digest'] as const;
  for (const column of texts) {
    const value = query[column];
    if (value !== undefined) runs = runs.where(column, '=', columnText(value));
  }
  if (query.since !== undefined) runs = runs.where('last_seen', '>=', query.since);
  if (query.until !== undefined) runs = runs.where('started', '<=', query.until);
  return runs;
}

/** Narrows facts or coverage, which last from `from` to `last_seen`, to those that touch the query's window. */
export function inWindow<T extends 'facts' | 'coverage', O>(
  rows: SelectQueryBuilder<Tables, T, O>,
  from: 'first_seen' | 'began',
  { since, until }: Query,
): SelectQueryBuilder<Tables, T, O> {
  const after = since === undefined ? rows : rows.where(sql<boolean>`${sql.ref('last_seen')} >= ${since}`);
  return until === undefined ? after : after.where(sql<boolean>`${sql.ref(from)} <= ${until}`);
}
