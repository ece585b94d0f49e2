/**
 * The tables, the same on every engine. A baseline's key stands first in every primary key, so that what belongs
 * together lies together and a distributed engine can spread by it. Keys are hashes (`keys.ts`): any number of
 * brokers makes the same ones without asking anybody. Times are milliseconds since the epoch.
 */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export type Key = Uint8Array;

/** One run of one container of one workload. Texts are written by `columnText`. */
export interface RunRow {
  readonly baseline: Key;
  readonly run: Key;
  /** Empty, as namespace and kind are, where it ran outside of a cluster. */
  readonly cluster: string;
  readonly namespace: string;
  readonly kind: string;
  readonly workload: string;
  readonly container: string;
  /** The container line, JSON. */
  readonly line: string;
  /** Of the pod, empty outside of a cluster: two pods never share a run. */
  readonly pod_uid: string;
  /** Empty until it is known. */
  readonly digest: string;
  readonly arch: string;
  readonly kernel: string;
  readonly cgroups: string;
  readonly started: number;
  /** The last that is known of it, by coverage or by a fact. */
  readonly last_seen: number;
}

/** One watch of one run by one sensor. */
export interface CoverageRow {
  readonly baseline: Key;
  readonly run: Key;
  readonly watch: Key;
  readonly sensor: string;
  readonly state: string;
  readonly hook: string;
  /** JSON. */
  readonly gaps: string;
  readonly began: number;
  readonly last_seen: number;
  readonly lost: number;
}

/** One claim that one run bears out. */
export interface FactRow {
  readonly baseline: Key;
  readonly run: Key;
  readonly claim: Key;
  /** Of the observation. */
  readonly type: string;
  /** The claim, JSON: well-formed text without NUL, whatever strings it carries. */
  readonly said: string;
  readonly first_seen: number;
  readonly last_seen: number;
  readonly times: number;
}

/** One right that one user used, or was refused. */
export interface ApiUseRow {
  readonly subject: Key;
  /** Of the subject, the decision and the right. */
  readonly use_key: Key;
  readonly cluster: string;
  /** Of the service account; empty for other users. */
  readonly namespace: string;
  /** Text as `columnText` writes it. */
  readonly username: string;
  /** Right and decision, JSON. */
  readonly said: string;
  /** JSON lists. */
  readonly member_of: string;
  readonly names: string;
  /** 1 or 0: more names than are kept; some request without one. */
  readonly many_names: number;
  readonly nameless: number;
  readonly first_seen: number;
  readonly last_seen: number;
}

export interface Tables {
  readonly api_uses: ApiUseRow;
  readonly runs: RunRow;
  readonly coverage: CoverageRow;
  readonly facts: FactRow;
}

type Columns = Readonly<Record<string, 'key' | 'text' | 'integer'>>;

/** Each migration is a step that databases have taken: add one, never change one. */
export const migrations: Readonly<Record<string, Migration>> = {
  '1-runs-coverage-facts': {
    async up(db) {
      const tables: Readonly<Record<string, [Columns, readonly string[]]>> = {
        runs: [
          {
            baseline: 'key',
            run: 'key',
            cluster: 'text',
            namespace: 'text',
            kind: 'text',
            workload: 'text',
            container: 'text',
            line: 'text',
            pod_uid: 'text',
            digest: 'text',
            arch: 'text',
            kernel: 'text',
            cgroups: 'text',
            started: 'integer',
            last_seen: 'integer',
          },
          ['baseline', 'run'],
        ],
        coverage: [
          {
            baseline: 'key',
            run: 'key',
            watch: 'key',
            sensor: 'text',
            state: 'text',
            hook: 'text',
            gaps: 'text',
            began: 'integer',
            last_seen: 'integer',
            lost: 'integer',
          },
          ['baseline', 'run', 'watch'],
        ],
        facts: [
          {
            baseline: 'key',
            run: 'key',
            claim: 'key',
            type: 'text',
            said: 'text',
            first_seen: 'integer',
            last_seen: 'integer',
            times: 'integer',
          },
          ['baseline', 'run', 'claim'],
        ],
      };
      for (const [name, [columns, primary]] of Object.entries(tables)) await createTable(db, name, columns, primary);
      await db.schema.createIndex('runs_by_place').on('runs').columns(['cluster', 'namespace', 'workload']).execute();
      await db.schema.createIndex('runs_by_age').on('runs').columns(['last_seen']).execute();
    },
  },
  '2-api-uses': {
    async up(db) {
      await createTable(db, 'api_uses', apiUses, ['subject', 'use_key']);
      await db.schema.createIndex('api_uses_by_place').on('api_uses').columns(['cluster', 'namespace']).execute();
      await db.schema.createIndex('api_uses_by_age').on('api_uses').columns(['last_seen']).execute();
    },
  },
};

const apiUses: Columns = {
  subject: 'key',
  use_key: 'key',
  cluster: 'text',
  namespace: 'text',
  username: 'text',
  said: 'text',
  member_of: 'text',
  names: 'text',
  many_names: 'integer',
  nameless: 'integer',
  first_seen: 'integer',
  last_seen: 'integer',
};

async function createTable(db: Kysely<unknown>, name: string, columns: Columns, primary: readonly string[]) {
  const sqlite = db.getExecutor().adapter.constructor.name.startsWith('Sqlite');
  const typed = { key: sqlite ? sql`blob` : sql`bytea`, text: sql`text`, integer: sql`bigint` };
  let table = db.schema.createTable(name).addPrimaryKeyConstraint(`${name}_key`, [...primary] as never);
  for (const [column, type] of Object.entries(columns)) {
    table = table.addColumn(column, typed[type], (each) => each.notNull());
  }
  // Rows lie in the order of their key, without a second tree.
  await (sqlite ? table.modifyEnd(sql`without rowid`) : table).execute();
}
