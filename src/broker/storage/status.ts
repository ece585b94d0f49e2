/** What is known of one container of one workload, without its facts. */
import type { Status } from '#api/answers.ts';
import type { Container } from '#observation/recording.ts';
import { textOf } from './keys.ts';
import { inWindow, type Query, runsOf } from './query.ts';
import type { Named } from './reading.ts';
import type { CoverageRow, RunRow } from './schema.ts';
import { speaking, type Storage } from './storage.ts';

/** Null when no run of it is in the query's window. */
export async function statusOf(
  { engine }: Storage,
  { baseline, ...names }: Named,
  query: Query,
): Promise<Status | null> {
  const runs = await speaking(engine, () =>
    runsOf(engine.db, query).selectAll().where('baseline', '=', baseline).execute(),
  );
  if (runs.length === 0) return null;
  const ids = new Set(runs.map(({ run }) => Buffer.from(run).toString('latin1')));
  const watches = (
    await speaking(engine, () =>
      inWindow(engine.db.selectFrom('coverage').selectAll(), 'began', query).where('baseline', '=', baseline).execute(),
    )
  ).filter(({ run }) => ids.has(Buffer.from(run).toString('latin1')));
  return {
    ...names,
    ...window(runs),
    instances: runs.length,
    fromStart: runs.filter((run) => lineOf(run).fromStart).length,
    lost: lostOf(watches),
    sensors: sensorsOf(watches),
    releases: releasesOf(runs),
  };
}

const lineOf = ({ line }: RunRow): Container => JSON.parse(line) as Container;

function window(runs: readonly RunRow[]): { since: number; until: number } {
  return {
    since: runs.reduce((least, { started }) => Math.min(least, started), Number.MAX_SAFE_INTEGER),
    until: runs.reduce((most, { last_seen }) => Math.max(most, last_seen), 0),
  };
}

function sensorsOf(watches: readonly CoverageRow[]): Status['sensors'] {
  const groups = Map.groupBy(watches, ({ sensor, state }) => `${sensor} ${state}`);
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, all]) => ({
      // Both were checked when they came in.
      sensor: all[0]?.sensor as Status['sensors'][number]['sensor'],
      state: all[0]?.state as Status['sensors'][number]['state'],
      hooks: sorted(all.map(({ hook }) => textOf(hook))),
      since: all.reduce((least, { began }) => Math.min(least, began), Number.MAX_SAFE_INTEGER),
      until: all.reduce((most, { last_seen }) => Math.max(most, last_seen), 0),
      instances: new Set(all.map(({ run }) => Buffer.from(run).toString('latin1'))).size,
      lost: lostOf(all),
      gaps: sorted(all.flatMap(({ gaps }) => JSON.parse(gaps) as string[])),
    }));
}

/** Rows of one watch differ in their gaps alone: the highest of them is what it lost. */
function lostOf(watches: readonly CoverageRow[]): number {
  const most = new Map<string, number>();
  for (const { run, sensor, state, hook, began, lost } of watches) {
    const watch = JSON.stringify([Buffer.from(run).toString('latin1'), sensor, state, hook, began]);
    most.set(watch, Math.max(most.get(watch) ?? 0, lost));
  }
  return [...most.values()].reduce((sum, lost) => sum + lost, 0);
}

function releasesOf(runs: readonly RunRow[]): Status['releases'] {
  const releases = [...Map.groupBy(runs, ({ digest }) => digest)].map(([digest, all]) => ({
    digest: digest === '' ? null : textOf(digest),
    image: all.map((run) => lineOf(run).image).findLast((image) => image !== undefined) ?? null,
    ...window(all),
    instances: all.length,
  }));
  return releases.toSorted((a, b) => a.since - b.since || (String(a.digest) < String(b.digest) ? -1 : 1));
}

const sorted = (texts: readonly string[]): string[] => [...new Set(texts)].toSorted();
