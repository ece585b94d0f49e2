/**
 * What is stored, as recordings: one for each machine on which a container ran, so that whoever reads a recording
 * reads an answer of the broker. Facts come in pages; nobody holds more than one.
 */
import { observationOf } from '#baseline/claim.ts';
import type { Claim } from '#baseline/baseline.ts';
import type { Sighting } from '#observation/observation.ts';
import {
  type Container,
  type Coverage,
  type End,
  type Header,
  type Recording,
  recordingVersion,
} from '#observation/recording.ts';
import { keyText, textOf } from './keys.ts';
import { inWindow, type Query, runsOf } from './query.ts';
import type { CoverageRow, Key, RunRow } from './schema.ts';
import { speaking, type Storage } from './storage.ts';

export interface StoredFact {
  readonly container: string;
  /** The claim, JSON as it was written. */
  readonly said: string;
  readonly seen: Sighting;
}

export interface StoredRecording {
  readonly header: Header;
  readonly containers: readonly Container[];
  readonly coverage: readonly Coverage[];
  readonly ended: number;
  readonly facts: () => AsyncGenerator<readonly StoredFact[]>;
}

/** Whose runs are stored: one container of one workload. */
export interface Named {
  readonly baseline: Key;
  readonly cluster: string;
  readonly namespace: string;
  readonly kind: string;
  readonly workload: string;
  readonly container: string;
}

const factsAtOnce = 5000;
const runsAtOnce = 100;

/** Sorted by name. */
export async function named({ engine }: Storage, query: Query): Promise<Named[]> {
  const columns = ['baseline', 'cluster', 'namespace', 'kind', 'workload', 'container'] as const;
  const rows = await speaking(engine, () => runsOf(engine.db, query).select(columns).distinct().execute());
  return rows
    .map(({ baseline, ...names }) => {
      const [cluster = '', namespace = '', kind = '', workload = '', container = ''] = columns
        .slice(1)
        .map((column) => textOf(names[column as keyof typeof names]));
      return { baseline, cluster, namespace, kind, workload, container };
    })
    .map((each) => ({
      each,
      order: JSON.stringify([each.cluster, each.namespace, each.workload, each.kind, each.container]),
    }))
    .toSorted((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ each }) => each);
}

/** Of one container of one workload: the query's other words must say nothing else. `by` goes into the header. */
export async function* recordingsOf(
  storage: Storage,
  { baseline }: Named,
  query: Query,
  by: string,
): AsyncGenerator<StoredRecording> {
  const { engine } = storage;
  const runs = await speaking(engine, () =>
    runsOf(engine.db, query).selectAll().where('baseline', '=', baseline).orderBy('run').execute(),
  );
  const machines = Map.groupBy(runs, ({ arch, kernel, cgroups }) => JSON.stringify([arch, kernel, cgroups]));
  for (const [, some] of [...machines].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    yield await recordingOfRuns(storage, baseline, some, query, by);
  }
}

async function recordingOfRuns(
  storage: Storage,
  baseline: Key,
  runs: readonly RunRow[],
  query: Query,
  by: string,
): Promise<StoredRecording> {
  const ids = new Map(runs.map(({ run, line }) => [keyText(run), (JSON.parse(line) as Container).id]));
  const [{ arch, kernel, cgroups } = { arch: 'x86_64', kernel: '', cgroups: 'v2' }] = runs;
  return {
    header: {
      type: 'recording',
      version: recordingVersion,
      by,
      started: Math.min(...runs.map(({ started }) => started)),
      // Written from a header that was checked when it came in.
      node: { arch, kernel: textOf(kernel), cgroups } as Header['node'],
    },
    containers: runs.map((row) => containerOf(row, query.since)),
    coverage: await coverageOf(storage, baseline, runs, query, ids),
    ended: Math.max(...runs.map(({ last_seen }) => last_seen)),
    facts: () => pages(storage, baseline, runs, query, ids),
  };
}

/** In a window, a run that began before it is one whose start was not seen. */
function containerOf({ line, started }: RunRow, since: number | undefined): Container {
  const container = JSON.parse(line) as Container;
  return since !== undefined && started < since ? { ...container, fromStart: false } : container;
}

async function coverageOf(
  { engine }: Storage,
  baseline: Key,
  runs: readonly RunRow[],
  query: Query,
  ids: ReadonlyMap<string, string>,
): Promise<Coverage[]> {
  const watches = new Map<string, Coverage>();
  for (let at = 0; at < runs.length; at += runsAtOnce) {
    const some = runs.slice(at, at + runsAtOnce).map(({ run }) => run);
    const rows = await speaking(engine, () =>
      inWindow(engine.db.selectFrom('coverage').selectAll(), 'began', query)
        .where('baseline', '=', baseline)
        .where('run', 'in', some)
        .orderBy('run')
        .orderBy('watch')
        .execute(),
    );
    for (const row of rows) {
      const line = lineOf(row, ids.get(keyText(row.run)) ?? '');
      const watch = JSON.stringify([line.container, line.sensor, line.state, line.hook, line.from]);
      const known = watches.get(watch);
      watches.set(watch, known === undefined ? line : joined(known, line));
    }
  }
  return [...watches.values()];
}

function lineOf({ sensor, state, hook, gaps, began, last_seen, lost }: CoverageRow, container: string): Coverage {
  return {
    type: 'coverage',
    container,
    // Both were checked when they came in.
    sensor: sensor as Coverage['sensor'],
    state: state as Coverage['state'],
    hook: textOf(hook),
    from: began,
    to: last_seen,
    lost,
    gaps: JSON.parse(gaps) as string[],
  };
}

function joined(a: Coverage, b: Coverage): Coverage {
  const gaps = [...new Set([...a.gaps, ...b.gaps])].toSorted();
  return { ...a, to: Math.max(a.to, b.to), lost: Math.max(a.lost, b.lost), gaps };
}

async function* pages(
  { engine }: Storage,
  baseline: Key,
  runs: readonly RunRow[],
  query: Query,
  ids: ReadonlyMap<string, string>,
): AsyncGenerator<readonly StoredFact[]> {
  for (let at = 0; at < runs.length; at += runsAtOnce) {
    const some = runs.slice(at, at + runsAtOnce).map(({ run }) => run);
    for (let last: { run: Key; claim: Key } | undefined; ; ) {
      const from = last;
      const rows = await speaking(engine, () => {
        let facts = inWindow(engine.db.selectFrom('facts').selectAll(), 'first_seen', query)
          .where('baseline', '=', baseline)
          .where('run', 'in', some);
        if (query.types !== undefined) facts = facts.where('type', 'in', [...query.types]);
        if (from !== undefined) {
          facts = facts.where((eb) => eb(eb.refTuple('run', 'claim'), '>', eb.tuple(from.run, from.claim)));
        }
        return facts.orderBy('run').orderBy('claim').limit(factsAtOnce).execute();
      });
      if (rows.length > 0) {
        yield rows.map(({ run, said, first_seen, last_seen, times }) => ({
          container: ids.get(keyText(run)) ?? '',
          said,
          seen: { first: first_seen, last: last_seen, count: times },
        }));
      }
      last = rows.at(-1);
      if (rows.length < factsAtOnce) break;
    }
  }
}

/** As text, without waiting for the whole. */
export async function* linesOf({
  header,
  containers,
  coverage,
  ended,
  facts,
}: StoredRecording): AsyncGenerator<string> {
  const first = [header, ...containers, ...coverage].map((line) => `${JSON.stringify(line)}\n`);
  let lines = first.length;
  yield first.join('');
  for await (const page of facts()) {
    lines += page.length;
    yield page.map(factLine).join('');
  }
  yield `${JSON.stringify({ type: 'end', ended, lines } satisfies End)}\n`;
}

/** The claim's text is JSON already: the run and its time are put in front. */
function factLine({ container, said, seen }: StoredFact): string {
  const when =
    /"type":"usage"/.test(said) && (JSON.parse(said) as Claim).type === 'usage'
      ? ''
      : `"seen":${JSON.stringify(seen)},`;
  return `{"container":${JSON.stringify(container)},${when}${said.slice(1)}\n`;
}

/** As a value, with all its facts; null when there are more than `most`. */
export async function whole(
  { header, containers, coverage, ended, facts }: StoredRecording,
  most = Number.POSITIVE_INFINITY,
): Promise<Recording | null> {
  const observations = [];
  for await (const page of facts()) {
    for (const { container, said, seen } of page) {
      observations.push(observationOf(JSON.parse(said) as Claim, container, seen));
    }
    if (observations.length > most) return null;
  }
  const lines = 1 + containers.length + coverage.length + observations.length;
  return { header, containers, observations, coverage, end: { type: 'end', ended, lines } };
}
