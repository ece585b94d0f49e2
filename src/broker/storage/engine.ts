/** What differs between engines: how a connection is made, how many rows are merged at once, which errors mean what. */
import type { Kysely, Transaction } from 'kysely';
import type { Tables } from './schema.ts';

/**
 * - `full`: no space is left; nothing was stored.
 * - `away`: the database cannot be reached, or went away; nothing is known to be stored.
 * - `again`: another writer was in the way; the same transaction may succeed now.
 */
export type Trouble = 'full' | 'away' | 'again';

export interface Engine {
  readonly name: 'sqlite' | 'postgresql';
  readonly db: Kysely<Tables>;
  /**
   * Inserts rows, and does what `onConflict` says with those that are there; how many were written. Rows have one
   * shape and are sorted.
   */
  insert(trx: Transaction<Tables>, into: Insertion): Promise<number>;
  /** Migrations of all brokers, one after the other. */
  migrate(): Promise<void>;
  trouble(error: unknown): Trouble | null;
}

export interface Insertion {
  readonly table: keyof Tables;
  readonly rows: readonly Readonly<Record<string, Uint8Array | string | number>>[];
  /** `do nothing`, or `(key) do update set …`. */
  readonly onConflict: string;
}
