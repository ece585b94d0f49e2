/** Recordings → rows: each once, merged as `fold` merges, in the order of their keys. */
import { claimOf, claimText, sightingOf } from '#baseline/claim.ts';
import type { Container, Recording } from '#observation/recording.ts';
import { columnText, keyFrom, keyOf, keyText, keyTextOf } from './keys.ts';
import type { CoverageRow, FactRow, RunRow } from './schema.ts';

export interface Batch {
  readonly runs: readonly RunRow[];
  readonly coverage: readonly CoverageRow[];
  readonly facts: readonly FactRow[];
}

export function batchOf(recordings: readonly Recording[]): Batch {
  const runs = new Rows<RunRow>((a, b) => ({
    ...(a.digest === '' && b.digest !== '' ? b : a),
    last_seen: Math.max(a.last_seen, b.last_seen),
  }));
  const coverage = new Rows<CoverageRow>((a, b) => ({
    ...a,
    last_seen: Math.max(a.last_seen, b.last_seen),
    lost: Math.max(a.lost, b.lost),
  }));
  const facts = new Rows<FactRow>((a, b) => ({
    ...a,
    first_seen: Math.min(a.first_seen, b.first_seen),
    last_seen: Math.max(a.last_seen, b.last_seen),
    times: Math.max(a.times, b.times),
  }));
  for (const { header, containers, observations, coverage: lines } of recordings) {
    const of = new Map<string, { run: RunRow; key: string }>();
    const latest = new Map<string, number>();
    const heard = (id: string, at: number): void => void latest.set(id, Math.max(latest.get(id) ?? 0, at));
    for (const container of containers) {
      const run = runOf(container, header.node);
      of.set(container.id, { run, key: keyText(run.baseline, run.run) });
      heard(container.id, container.started);
    }
    for (const { container, sensor, state, hook, from, to, lost, gaps: unsorted } of lines) {
      const whose = of.get(container);
      if (whose === undefined) continue;
      const { run, key } = whose;
      const gaps = JSON.stringify([...new Set(unsorted)].toSorted());
      // Gaps are part of the key: their union is made by whoever reads.
      const watch = keyOf(sensor, state, hook, String(from), gaps);
      coverage.add(key + keyText(watch), {
        baseline: run.baseline,
        run: run.run,
        watch,
        sensor,
        state,
        hook: columnText(hook),
        gaps,
        began: from,
        last_seen: to,
        lost,
      });
      heard(container, to);
    }
    for (const observation of observations) {
      const whose = of.get(observation.container);
      if (whose === undefined) continue;
      const { run, key } = whose;
      const said = claimText(claimOf(observation));
      const claim = keyTextOf(said);
      const { first, last, count } = sightingOf(observation);
      facts.add(key + claim, {
        baseline: run.baseline,
        run: run.run,
        claim: keyFrom(claim),
        type: observation.type,
        said,
        first_seen: first,
        last_seen: last,
        times: count,
      });
      heard(observation.container, last);
    }
    for (const [id, { run, key }] of of) {
      runs.add(key, { ...run, last_seen: latest.get(id) ?? run.started });
    }
  }
  return { runs: runs.sorted(), coverage: coverage.sorted(), facts: facts.sorted() };
}

function runOf(container: Container, node: Recording['header']['node']): RunRow {
  const { workload, name, pod } = container;
  const [cluster, namespace, kind] = [pod?.cluster ?? '', pod?.namespace ?? '', pod?.kind ?? ''];
  return {
    baseline: keyOf(cluster, namespace, kind, workload, name),
    run: keyOf(container.id),
    cluster: columnText(cluster),
    namespace: columnText(namespace),
    kind: columnText(kind),
    workload: columnText(workload),
    container: columnText(name),
    line: JSON.stringify(container),
    pod_uid: columnText(pod?.uid ?? ''),
    digest: columnText(container.imageDigest ?? ''),
    arch: node.arch,
    kernel: columnText(node.kernel),
    cgroups: node.cgroups,
    started: container.started,
    last_seen: container.started,
  };
}

/** One row for each key. The order is the same in every broker, so that no two wait for each other. */
class Rows<Row> {
  readonly #rows = new Map<string, Row>();
  readonly #join: (a: Row, b: Row) => Row;

  constructor(join: (a: Row, b: Row) => Row) {
    this.#join = join;
  }

  add(key: string, row: Row): void {
    const known = this.#rows.get(key);
    this.#rows.set(key, known === undefined ? row : this.#join(known, row));
  }

  sorted(): Row[] {
    return [...this.#rows].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, row]) => row);
  }
}
