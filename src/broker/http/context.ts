/** What every handler of a broker works with. */
import type { Logger } from 'pino';
import type { Gate } from '../access/gate.ts';
import type { OwnPods } from '../access/own-pods.ts';
import type { Metrics } from '../metrics.ts';
import type { Storage } from '../storage/storage.ts';
import type { Turns } from './turns.ts';

export interface Context {
  readonly storage: Storage;
  readonly gate: Gate;
  /** Null where nobody is asked for a token. */
  readonly ownPods: OwnPods | null;
  /** Readers see no other: the API server that vouches for them knows this one. Null: all that is stored. */
  readonly cluster: string | null;
  readonly uploads: Turns;
  /** Batches of the audit webhook. */
  readonly auditEvents: Turns;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Program and version. */
  readonly by: string;
  readonly version: string;
  readonly now: () => number;
}
