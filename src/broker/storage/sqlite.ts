/** SQLite through a worker thread, as a kysely dialect. One connection: transactions take turns. */
import { Worker } from 'node:worker_threads';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { Migrator } from 'kysely/migration';
import type { Engine, Trouble } from './engine.ts';
import { migrations, type Tables } from './schema.ts';
import { pack, type PackedRows, valueAt } from './packing.ts';
import type { Request, Response } from './sqlite-worker.ts';

/** A parameter that stands for many rows of parameters. */
class Many {
  readonly rows: PackedRows;
  constructor(rows: PackedRows) {
    this.rows = rows;
  }
}

export class SqliteError extends Error {
  readonly errcode: number | null;
  constructor(message: string, errcode: number | null) {
    super(message);
    this.name = 'SqliteError';
    this.errcode = errcode;
  }
}

export function sqlite(file: string): Engine {
  const db = new Kysely<Tables>({ dialect: dialect(file) });
  return {
    name: 'sqlite',
    db,
    async insert(trx, { table, rows, onConflict }) {
      const columns = Object.keys(rows[0] ?? {});
      const sql = `insert into ${table} (${columns.join()}) values (${columns.map(() => '?').join()}) on conflict ${onConflict}`;
      const many = new Many(
        pack(rows.length, columns.length, (row, column) => rows[row]?.[columns[column] ?? ''] ?? null),
      );
      return Number((await trx.executeQuery(CompiledQuery.raw(sql, [many]))).numAffectedRows);
    },
    async migrate() {
      const { error } = await new Migrator({
        db,
        provider: { getMigrations: async () => migrations },
      }).migrateToLatest();
      if (error !== undefined) throw error;
    },
    trouble,
  };
}

const cannotOpen = 14;

/** Primary result codes: https://sqlite.org/rescode.html */
function trouble(error: unknown): Trouble | null {
  const code = error instanceof SqliteError && error.errcode !== null ? error.errcode & 0xff : null;
  if (code === 13) return 'full';
  // A full disk under the log file may also show as a failed write; so does one that went away.
  if (code === 10 || code === cannotOpen || code === 8) return 'away';
  return code === 5 || code === 6 ? 'again' : null;
}

function dialect(file: string): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new WorkerDriver(file),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

class WorkerDriver implements Driver {
  readonly #file: string;
  #worker: Worker | null = null;
  #next = 0;
  readonly #waiting = new Map<number, (response: Response) => void>();
  #turn: Promise<void> = Promise.resolve();
  #release: () => void = () => undefined;

  constructor(file: string) {
    this.#file = file;
  }

  async init(): Promise<void> {
    this.#start();
  }

  #start(): void {
    // Beside this file, as source or bundled as this is.
    const file = new URL(`./sqlite-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
    const worker = new Worker(file, { workerData: this.#file });
    worker.on('message', (response: Response) => {
      const settle = this.#waiting.get(response.id);
      this.#waiting.delete(response.id);
      settle?.(response);
    });
    worker.on('error', (error) => this.#ended(worker, error.message));
    worker.on('exit', () => this.#ended(worker, 'the database thread ended'));
    this.#worker = worker;
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    await before;
    this.#release = resolve;
    return {
      executeQuery: (query) => this.#execute(query),
      streamQuery() {
        throw new Error('rows are read in pages');
      },
    };
  }

  async releaseConnection(): Promise<void> {
    this.#release();
  }

  async beginTransaction(): Promise<void> {
    await this.#ask('begin immediate');
  }

  async commitTransaction(): Promise<void> {
    await this.#ask('commit');
  }

  async rollbackTransaction(): Promise<void> {
    // A full disk has rolled it back already.
    await this.#ask('rollback').catch(() => undefined);
  }

  async destroy(): Promise<void> {
    if (this.#worker === null) return;
    // Without a statement: close, so that the log is folded into the file.
    await this.#ask('').catch(() => undefined);
    await this.#worker.terminate();
  }

  async #execute<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const [first] = parameters;
    const { names, rows, changes } = await (first instanceof Many
      ? this.#ask(sql, null, first.rows)
      : this.#ask(sql, parameters as Request['parameters']));
    const objects = Array.from({ length: rows.count }, (_, row) =>
      Object.fromEntries(names.map((name, column) => [name, valueAt(rows, row, column)])),
    );
    // The columns are those that the query's type names.
    return { rows: objects as R[], numAffectedRows: BigInt(changes) };
  }

  #ask(
    sql: string,
    parameters: Request['parameters'] = null,
    many: Request['many'] = null,
  ): Promise<Extract<Response, { rows: unknown }>> {
    const { promise, resolve, reject } = Promise.withResolvers<Extract<Response, { rows: unknown }>>();
    const id = (this.#next += 1);
    this.#waiting.set(id, (response) => {
      if ('error' in response) reject(new SqliteError(response.error.message, response.error.errcode));
      else resolve(response);
    });
    // One that could not open its file has ended; the file may be there now.
    if (this.#worker === null) this.#start();
    this.#worker?.postMessage({ id, sql, parameters, many } satisfies Request);
    return promise;
  }

  #ended(worker: Worker, message: string): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    for (const [id, settle] of this.#waiting) settle({ id, error: { message, errcode: cannotOpen } });
    this.#waiting.clear();
  }
}
