/** SQLite in a thread of its own, so that a large write never stops the event loop. Answers requests in order. */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { pack, type PackedRows, type Value, valueAt } from './packing.ts';

export interface Request {
  readonly id: number;
  readonly sql: string;
  /** One row of parameters, or many for the same statement. */
  readonly parameters: readonly SQLInputValue[] | null;
  readonly many: PackedRows | null;
}

export type Response =
  | { readonly id: number; readonly names: readonly string[]; readonly rows: PackedRows; readonly changes: number }
  | { readonly id: number; readonly error: { readonly message: string; readonly errcode: number | null } };

const port = parentPort;
if (port === null) throw new Error('sqlite-worker.ts is started as a worker thread');
const database = new DatabaseSync(workerData as string);
// FULL: what was acknowledged survives a power cut, not only a killed process.
database.exec(
  'pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 5000; pragma wal_autocheckpoint = 4000; pragma cache_size = -32768; pragma temp_store = memory',
);
const none = pack(0, 0, () => null);
const statements = new Map<string, StatementSync>();

port.on('message', ({ id, sql, parameters, many }: Request) => {
  if (sql === '') {
    database.close();
    port.postMessage({ id, names: [], rows: none, changes: 0 } satisfies Response);
    return;
  }
  try {
    const statement = prepared(sql);
    let changes = 0;
    let rows = none;
    const names = statement.columns().map(({ name }) => name);
    if (many !== null) {
      const width = many.columns.length;
      for (let row = 0; row < many.count; row += 1) {
        const values = Array.from({ length: width }, (_, column) => valueAt(many, row, column));
        changes += Number(statement.run(...values).changes);
      }
    } else if (names.length > 0) {
      // All columns of ours are keys, texts and numbers.
      const found = statement.all(...(parameters ?? [])) as Record<string, Value>[];
      rows = pack(found.length, names.length, (row, column) => found[row]?.[names[column] ?? ''] ?? null);
    } else changes = Number(statement.run(...(parameters ?? [])).changes);
    port.postMessage({ id, names, rows, changes } satisfies Response);
  } catch (error) {
    const { message, errcode = null } = error as Error & { errcode?: number };
    port.postMessage({ id, error: { message, errcode } } satisfies Response);
  }
});

/** The statements of a running broker are few; those with long lists of parameters are not worth keeping. */
function prepared(sql: string): StatementSync {
  const known = statements.get(sql);
  if (known !== undefined) return known;
  const made = database.prepare(sql);
  if (statements.size < 200 && sql.length < 4000) statements.set(sql, made);
  return made;
}
