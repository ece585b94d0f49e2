/** What the broker keeps: recordings go in, in any order and as often as they like, and add up as `fold` adds. */
import type { Transaction } from 'kysely';
import type { Recording } from '#observation/recording.ts';
import { type Batch, batchOf } from './batch.ts';
import type { Engine, Trouble } from './engine.ts';
import { keyText } from './keys.ts';
import { postgres } from './postgres.ts';
import type { RunRow, Tables } from './schema.ts';
import { sqlite } from './sqlite.ts';

/** The database is not able to now. `trouble` says in which way; nothing was stored. */
export class StorageTrouble extends Error {
  readonly trouble: Trouble;
  constructor(trouble: Trouble, what: string, cause: unknown) {
    super(what, { cause });
    this.name = 'StorageTrouble';
    this.trouble = trouble;
  }
}

/** A run that is known as another pod's: whoever says so is wrong about one of the two. */
export class RunOfAnotherPod extends Error {
  constructor(run: string) {
    super(`the run ${JSON.stringify(run)} is known as another pod's`);
    this.name = 'RunOfAnotherPod';
  }
}

export interface Stored {
  readonly runs: number;
  readonly coverage: number;
  readonly facts: number;
  /** Rows of the three that said something new. */
  readonly written: number;
}

export interface StorageOptions {
  /**
   * A sighting that only moves on by less than this writes nothing: work in steady state is for what is new.
   * Times and counts may then fall behind by as much. 0 keeps them exact.
   */
  readonly resolutionMs: number;
  readonly onIdleError?: (error: Error) => void;
}

export interface Storage {
  readonly engine: Engine;
  readonly options: StorageOptions;
}

/** `postgres://…` or a file's path. Connects when it is used first. */
export function openStorage(database: string, options: StorageOptions): Storage {
  const engine = /^postgres(ql)?:\/\//.test(database)
    ? postgres(database, options.onIdleError ?? (() => undefined))
    : sqlite(database);
  return { engine, options };
}

export function migrate({ engine }: Storage): Promise<void> {
  return speaking(engine, () => engine.migrate());
}

export async function closeStorage({ engine }: Storage): Promise<void> {
  await engine.db.destroy();
}

/** Answers when the database does. */
export async function ping({ engine }: Storage): Promise<void> {
  await speaking(engine, () => engine.db.selectFrom('runs').select('run').limit(1).execute());
}

/** All of it or nothing, and durable when this returns. */
export async function store({ engine, options }: Storage, recordings: readonly Recording[]): Promise<Stored> {
  const batch = batchOf(recordings);
  const written = await speaking(engine, () =>
    engine.db.transaction().execute((trx) => insertBatch(engine, trx, batch, options.resolutionMs)),
  );
  return { runs: batch.runs.length, coverage: batch.coverage.length, facts: batch.facts.length, written };
}

async function insertBatch(
  engine: Engine,
  trx: Transaction<Tables>,
  batch: Batch,
  resolution: number,
): Promise<number> {
  let written = 0;
  const insert = async (table: keyof Tables, rows: readonly object[], onConflict: string): Promise<void> => {
    // Rows are made of keys, texts and numbers alone.
    if (rows.length > 0) written += await engine.insert(trx, { table, rows: rows as never, onConflict });
  };
  // A run's row is locked from here to the commit, changed or not: retention waits, or we wait for it.
  await insert(
    'runs',
    batch.runs,
    `(baseline, run) do update set
      line = case when runs.digest = '' then excluded.line else runs.line end,
      digest = case when runs.digest = '' then excluded.digest else runs.digest end,
      last_seen = ${greater('runs', 'last_seen')}
    where ${later('runs', resolution)} or (runs.digest = '' and excluded.digest <> '')`,
  );
  await refuseOthers(trx, batch.runs);
  await insert(
    'coverage',
    batch.coverage,
    `(baseline, run, watch) do update set
      last_seen = ${greater('coverage', 'last_seen')}, lost = ${greater('coverage', 'lost')}
    where ${later('coverage', resolution)} or excluded.lost > coverage.lost`,
  );
  await insert(
    'facts',
    batch.facts,
    `(baseline, run, claim) do update set
      first_seen = case when excluded.first_seen < facts.first_seen then excluded.first_seen else facts.first_seen end,
      last_seen = ${greater('facts', 'last_seen')}, times = ${greater('facts', 'times')}
    where ${later('facts', resolution)} or excluded.first_seen < facts.first_seen${resolution === 0 ? ' or excluded.times > facts.times' : ''}`,
  );
  return written;
}

const greater = (table: string, column: string): string =>
  `case when excluded.${column} > ${table}.${column} then excluded.${column} else ${table}.${column} end`;

const later = (table: string, resolution: number): string =>
  `excluded.last_seen > ${table}.last_seen${resolution > 0 ? ` + ${Math.trunc(resolution)}` : ''}`;

async function refuseOthers(trx: Transaction<Tables>, runs: readonly RunRow[]): Promise<void> {
  if (runs.length === 0) return;
  const pods = new Map(runs.map(({ baseline, run, pod_uid }) => [keyText(baseline, run), pod_uid]));
  for (let at = 0; at < runs.length; at += 500) {
    const some = runs.slice(at, at + 500);
    const known = await trx
      .selectFrom('runs')
      .select(['baseline', 'run', 'pod_uid', 'line'])
      .where('baseline', 'in', [...new Map(some.map((each) => [keyText(each.baseline), each.baseline])).values()])
      .where(
        'run',
        'in',
        some.map(({ run }) => run),
      )
      .execute();
    for (const { baseline, run, pod_uid, line } of known) {
      const said = pods.get(keyText(baseline, run));
      if (said !== undefined && said !== pod_uid) throw new RunOfAnotherPod((JSON.parse(line) as { id: string }).id);
    }
  }
}

/** Tries again what another writer was in the way of, and names what the database cannot do. */
export async function speaking<T>(engine: Engine, act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await act();
    } catch (error) {
      const trouble = engine.trouble(error);
      if (trouble === null) throw error;
      if (trouble === 'again' && attempt < 5) continue;
      throw new StorageTrouble(trouble, sentence(engine, trouble, error), error);
    }
  }
}

function sentence({ name }: Engine, trouble: Trouble, error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  if (trouble === 'full')
    return `cannot store: no space is left for the ${name} database (${words}); free some, or shorten --retention`;
  if (trouble === 'away') return `cannot use the ${name} database now: ${words}`;
  return `the ${name} database is busy: ${words}`;
}
