/** Rights that were used through the API server: one row for each right of each user, joined as `joinedUse` joins. */
import { sql, type Transaction } from 'kysely';
import { type ApiRight, type ApiUse, joinedUse, serviceAccountOf } from '#kubernetes/api-use.ts';
import type { Engine } from './engine.ts';
import { columnText, keyOf, keyText, textOf } from './keys.ts';
import type { ApiUseRow, Key, Tables } from './schema.ts';
import { speaking, type Storage } from './storage.ts';

/** Of one user: whoever probes for more fills no disk. */
export const mostUsesOfUser = 5_000;
const rowsAtOnce = 500;
const pageRows = 1_000;

export interface StoredUses {
  /** Rows that said something new. */
  readonly written: number;
  /** Users of whom some right was not kept. */
  readonly dropped: readonly string[];
}

/** All of it or nothing, and durable when this returns. In any order and with any repeats the same. */
export function storeUses(storage: Storage, cluster: string, uses: readonly ApiUse[]): Promise<StoredUses> {
  // The order is the same in every broker, so that no two wait for each other.
  const rows = uses
    .map((use) => rowOf(cluster, use))
    .map((row) => ({ row, key: keyText(row.subject, row.use_key) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ row }) => row);
  const { engine, options } = storage;
  return speaking(engine, () =>
    engine.db.transaction().execute(async (trx) => {
      let written = 0;
      const dropped = new Set<string>();
      for (let at = 0; at < rows.length; at += rowsAtOnce) {
        const some = rows.slice(at, at + rowsAtOnce);
        const stored = await lockedRows(engine, trx, some);
        const changed = joinedRows(some, stored, options.resolutionMs);
        const fresh = some.filter((row) => !stored.has(keyText(row.subject, row.use_key)));
        const room = await roomFor(trx, fresh);
        const kept = fresh.filter((row) => room(row));
        for (const row of fresh) if (!kept.includes(row)) dropped.add(textOf(row.username));
        const made = kept.length === 0 ? 0 : await insert(engine, trx, kept, 'do nothing');
        // Another broker made some of them at this moment.
        if (made < kept.length)
          changed.push(...joinedRows(kept, await lockedRows(engine, trx, kept), options.resolutionMs));
        written += made;
        if (changed.length > 0) written += await insert(engine, trx, changed, replacing);
      }
      return { written, dropped: [...dropped] };
    }),
  );
}

const replacing = `(subject, use_key) do update set member_of = excluded.member_of, names = excluded.names,
  many_names = excluded.many_names, nameless = excluded.nameless, first_seen = excluded.first_seen, last_seen = excluded.last_seen`;

function insert(engine: Engine, trx: Transaction<Tables>, rows: readonly ApiUseRow[], onConflict: string) {
  // Rows are made of keys, texts and numbers alone.
  return engine.insert(trx, { table: 'api_uses', rows: rows as never, onConflict });
}

/** By whole keys: two lists of their parts would be asked for each with each. */
function among({ name }: Engine, rows: readonly ApiUseRow[]) {
  const type = name === 'postgresql' ? sql`::bytea` : sql``;
  const keys = sql.join(rows.map(({ subject, use_key }) => sql`(${subject}${type}, ${use_key}${type})`));
  return sql<boolean>`(subject, use_key) in (values ${keys})`;
}

/** Asked for one row after the other: whether it is within what is kept of its user. */
async function roomFor(trx: Transaction<Tables>, rows: readonly ApiUseRow[]): Promise<(row: ApiUseRow) => boolean> {
  const counts = new Map<string, number>();
  const subjects = [...new Map(rows.map(({ subject }) => [keyText(subject), subject])).values()];
  if (subjects.length > 0) {
    const stored = await trx
      .selectFrom('api_uses')
      .select(['subject', (eb) => eb.fn.countAll<number>().as('rights')])
      .where('subject', 'in', subjects)
      .groupBy('subject')
      .execute();
    for (const { subject, rights } of stored) counts.set(keyText(subject), rights);
  }
  return ({ subject }) => {
    const key = keyText(subject);
    const count = counts.get(key) ?? 0;
    if (count >= mostUsesOfUser) return false;
    counts.set(key, count + 1);
    return true;
  };
}

/** What is stored of them, by key; locked to the commit. */
async function lockedRows(
  engine: Engine,
  trx: Transaction<Tables>,
  rows: readonly ApiUseRow[],
): Promise<ReadonlyMap<string, ApiUseRow>> {
  const found = trx.selectFrom('api_uses').selectAll().where(among(engine, rows)).orderBy('subject').orderBy('use_key');
  const stored = await (engine.name === 'postgresql' ? found.forUpdate() : found).execute();
  return new Map(stored.map((row) => [keyText(row.subject, row.use_key), row]));
}

/** What is stored and what came, together; those that say what was stored already are left out. */
function joinedRows(
  rows: readonly ApiUseRow[],
  stored: ReadonlyMap<string, ApiUseRow>,
  resolutionMs: number,
): ApiUseRow[] {
  return rows.flatMap((other) => {
    const row = stored.get(keyText(other.subject, other.use_key));
    if (row === undefined) return [];
    const joined = { ...row, ...columnsOf(joinedUse(useOf(row), useOf(other))) };
    return saysMore(row, joined, resolutionMs) ? [joined] : [];
  });
}

/** A use that only moved on by less than the resolution writes nothing. */
function saysMore(before: ApiUseRow, after: ApiUseRow, resolutionMs: number): boolean {
  const moved = after.last_seen - before.last_seen;
  return (
    after.names !== before.names ||
    after.many_names !== before.many_names ||
    after.nameless !== before.nameless ||
    after.first_seen !== before.first_seen ||
    moved > resolutionMs ||
    (after.member_of !== before.member_of && (moved > 0 || resolutionMs === 0))
  );
}

function rowOf(cluster: string, use: ApiUse): ApiUseRow {
  const { user, decision, verb, resourceRequest, apiGroup, resource, subresource, namespace, path } = use;
  const said = JSON.stringify({ decision, verb, resourceRequest, apiGroup, resource, subresource, namespace, path });
  return {
    subject: keyOf(cluster, user),
    use_key: keyOf(cluster, user, said),
    cluster: columnText(cluster),
    namespace: columnText(serviceAccountOf(user)?.namespace ?? ''),
    username: columnText(user),
    said,
    ...columnsOf(use),
  };
}

type Joined = 'member_of' | 'names' | 'many_names' | 'nameless' | 'first_seen' | 'last_seen';

function columnsOf({ groups, names, manyNames, nameless, first, last }: ApiUse): Pick<ApiUseRow, Joined> {
  return {
    member_of: JSON.stringify(groups),
    names: JSON.stringify(names),
    many_names: manyNames ? 1 : 0,
    nameless: nameless ? 1 : 0,
    first_seen: first,
    last_seen: last,
  };
}

function useOf({ username, said, member_of, names, many_names, nameless, first_seen, last_seen }: ApiUseRow): ApiUse {
  return {
    // Written above.
    ...(JSON.parse(said) as ApiRight & Pick<ApiUse, 'decision'>),
    user: textOf(username),
    groups: JSON.parse(member_of) as string[],
    names: JSON.parse(names) as string[],
    manyNames: many_names === 1,
    nameless: nameless === 1,
    count: null,
    first: first_seen,
    last: last_seen,
  };
}

export interface UsesQuery {
  readonly cluster?: string;
  /** Of service accounts. */
  readonly namespace?: string;
  readonly user?: string;
  /** Milliseconds since the epoch. */
  readonly since?: number;
}

/** In pages; nobody holds more than one. Sorted by key, so that what is one user's lies together. */
export async function* storedUses({ engine }: Storage, query: UsesQuery): AsyncGenerator<readonly ApiUse[]> {
  for (let last: { subject: Key; use_key: Key } | undefined; ; ) {
    const from = last;
    const rows = await speaking(engine, () => {
      let uses = engine.db.selectFrom('api_uses').selectAll();
      if (query.cluster !== undefined) uses = uses.where('cluster', '=', columnText(query.cluster));
      if (query.namespace !== undefined) uses = uses.where('namespace', '=', columnText(query.namespace));
      if (query.user !== undefined) uses = uses.where('username', '=', columnText(query.user));
      if (query.since !== undefined) uses = uses.where('last_seen', '>=', query.since);
      if (from !== undefined)
        uses = uses.where((eb) => eb(eb.refTuple('subject', 'use_key'), '>', eb.tuple(from.subject, from.use_key)));
      return uses.orderBy('subject').orderBy('use_key').limit(pageRows).execute();
    });
    if (rows.length > 0) yield rows.map(useOf);
    last = rows.at(-1);
    if (rows.length < pageRows) return;
  }
}

/** Removes what was used last before that time; how many. */
export function expireUses({ engine }: Storage, before: number): Promise<number> {
  return speaking(engine, async () => {
    const { numDeletedRows } = await engine.db
      .deleteFrom('api_uses')
      .where('last_seen', '<', before)
      .executeTakeFirst();
    return Number(numDeletedRows);
  });
}
