/**
 * Retention by age. A run goes when nothing was heard of it for that long, with all that it saw; while it is
 * watched nothing of it goes, since what it did once at its start is still what it needs.
 */
import type { Key } from './schema.ts';
import { speaking, type Storage } from './storage.ts';

const runsAtOnce = 200;

/** Removes runs last heard of before that time; how many. Several brokers may do it at once. */
export async function expire({ engine }: Storage, before: number): Promise<number> {
  let removed = 0;
  for (;;) {
    const old = await speaking(engine, () =>
      engine.db
        .selectFrom('runs')
        .select(['baseline', 'run'])
        .where('last_seen', '<', before)
        .orderBy('baseline')
        .orderBy('run')
        .limit(runsAtOnce)
        .execute(),
    );
    for (const { baseline, run } of old) removed += await removeRun({ engine, baseline, run, before });
    if (old.length < runsAtOnce) return removed;
  }
}

interface Old {
  readonly engine: Storage['engine'];
  readonly baseline: Key;
  readonly run: Key;
  readonly before: number;
}

function removeRun({ engine, baseline, run, before }: Old): Promise<number> {
  return speaking(engine, () =>
    engine.db.transaction().execute(async (trx) => {
      // Locks the row against an upload of the same run; one that came first has made the run younger.
      const gone = await trx
        .deleteFrom('runs')
        .where('baseline', '=', baseline)
        .where('run', '=', run)
        .where('last_seen', '<', before)
        .executeTakeFirst();
      if (gone.numDeletedRows === 0n) return 0;
      for (const table of ['facts', 'coverage'] as const) {
        await trx.deleteFrom(table).where('baseline', '=', baseline).where('run', '=', run).execute();
      }
      return 1;
    }),
  );
}
