/** PostgreSQL. Only what its distributed kin have too: no advisory locks, triggers or notifications. */
import { CompiledQuery, Kysely, PostgresAdapter, PostgresDialect, sql, type Transaction } from 'kysely';
import { Migrator } from 'kysely/migration';
import pg from 'pg';
import type { Engine, Trouble } from './engine.ts';
import { migrations, type Tables } from './schema.ts';

/** Rows in one statement: large enough to forget the round trip, small enough for any server's memory. */
const rowsAtOnce = 5000;

export function postgres(url: string, onIdleError: (error: Error) => void): Engine {
  const pool = new pg.Pool({
    connectionString: url,
    max: 8,
    connectionTimeoutMillis: 5000,
    statement_timeout: 60_000,
    application_name: 'kguardian-broker',
    // bigint: all of ours are times and counts below 2^53.
    types: {
      getTypeParser: (oid, format) => (oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)),
    },
  });
  // A server that restarts breaks idle connections: the pool makes new ones.
  pool.on('error', onIdleError);
  // One that is in use tells whoever waits for its answer; between two statements nobody does, and a word that
  // nobody hears would end the process.
  pool.on('connect', (client) => client.on('error', onIdleError));
  const db = new Kysely<Tables>({ dialect: dialectOf(pool) });
  return {
    name: 'postgresql',
    db,
    async insert(trx, { table, rows, onConflict }) {
      const [first] = rows;
      if (first === undefined) return 0;
      let written = 0;
      const columns = Object.keys(first);
      const types = Object.values(first).map((value) => `${typeOf(value)}[]`);
      const statement = `insert into ${table} (${columns.join()}) select * from unnest(${types.map((type, at) => `$${at + 1}::${type}`).join()}) on conflict ${onConflict}`;
      for (let at = 0; at < rows.length; at += rowsAtOnce) {
        const some = rows.slice(at, at + rowsAtOnce);
        const parameters = columns.map((column) => some.map((row) => row[column]));
        written += Number((await trx.executeQuery(CompiledQuery.raw(statement, parameters))).numAffectedRows);
      }
      return written;
    },
    migrate: () => migrate(db),
    trouble,
  };
}

function typeOf(value: unknown): string {
  return typeof value === 'string' ? 'text' : typeof value === 'number' ? 'bigint' : 'bytea';
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
function trouble(error: unknown): Trouble | null {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  if (code === '53100') return 'full';
  if (['40001', '40P01', '55P03'].includes(code)) return 'again';
  // Tables that are not there are made as soon as the server lets us.
  if (code === '42P01') return 'away';
  // Connection exceptions, too many connections, shutdown and start of the server, a read-only standby.
  if (/^(08...|53300|57P0[123]|25006)$/.test(code)) return 'away';
  if (/^E(CONNREFUSED|CONNRESET|PIPE|NOTFOUND|HOSTUNREACH|TIMEDOUT|NOENT|AI_AGAIN)$/.test(code)) return 'away';
  return /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error/i.test(
    message,
  )
    ? 'away'
    : null;
}

/** The lock that migrations take is a row of ours, held by a transaction around all of them. */
class LockedAdapter extends PostgresAdapter {
  override async acquireMigrationLock(): Promise<void> {}
  override async releaseMigrationLock(): Promise<void> {}
}

function dialectOf(pool: pg.Pool): PostgresDialect {
  const dialect = new PostgresDialect({ pool });
  dialect.createAdapter = () => new LockedAdapter();
  return dialect;
}

async function migrate(db: Kysely<Tables>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await db.transaction().execute(migrateLocked);
      return;
    } catch (error) {
      // Two brokers that create the same table at once: one of them is told that it exists, and looks again.
      const { code = '' } = error as { code?: string };
      if (attempt === 10 || !(['23505', '42P07', '42710'].includes(code) || trouble(error) === 'again')) throw error;
    }
  }
}

async function migrateLocked(trx: Transaction<Tables>): Promise<void> {
  await sql`create table if not exists kguardian_migration_turn (turn integer primary key)`.execute(trx);
  await sql`insert into kguardian_migration_turn values (1) on conflict do nothing`.execute(trx);
  await sql`select turn from kguardian_migration_turn for update`.execute(trx);
  const { error } = await new Migrator({
    db: trx,
    provider: { getMigrations: async () => migrations },
  }).migrateToLatest();
  if (error !== undefined) throw error;
}
