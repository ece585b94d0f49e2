/** Recordings → baselines. */
import type { Sighting } from '#observation/observation.ts';
import type { Coverage, Recording } from '#observation/recording.ts';
import type { Baseline, Claim, Fact, Instance, SensorCoverage } from './baseline.ts';
import { claimOf, claimText, sightingOf } from './claim.ts';

/** One baseline for each container of each workload, sorted by name. */
export function fold(recordings: readonly Recording[]): Baseline[] {
  const folded = new Map<string, Baseline>();
  for (const recording of recordings) {
    for (const each of foldOne(recording)) {
      const key = keyOf(each);
      const known = folded.get(key);
      folded.set(key, known === undefined ? each : merge(known, each));
    }
  }
  return sortedBy([...folded.values()], keyOf);
}

/** Clusters, namespaces and kinds keep apart what has the same name. */
function keyOf({ place, workload, container }: Baseline): string {
  return JSON.stringify([place?.cluster ?? '', place?.namespace ?? '', place?.kind ?? '', workload, container]);
}

/** The union of two baselines of one container. Order and repeats make no difference. */
export function merge(a: Baseline, b: Baseline): Baseline {
  return {
    place: a.place,
    workload: a.workload,
    container: a.container,
    instances: sortedBy([...union(a.instances, b.instances, (each) => each.id, mergeInstances)], (each) => each.id),
    coverage: sortedBy([...union(a.coverage, b.coverage, watchOf, mergeCoverage)], watchOf),
    facts: sortedBy([...union(a.facts, b.facts, identity, mergeFacts)], identity),
  };
}

function foldOne(recording: Recording): Baseline[] {
  const { arch, kernel } = recording.header.node;
  const byId = new Map<
    string,
    { of: Named; instance: Instance; facts: Map<string, Fact>; coverage: SensorCoverage[] }
  >();
  for (const container of recording.containers) {
    const { id, workload, name, started, fromStart, image, imageDigest, pod } = container;
    const place = pod === undefined ? null : { cluster: pod.cluster, namespace: pod.namespace, kind: pod.kind };
    const instance: Instance = {
      id,
      arch,
      kernel,
      started,
      fromStart,
      complete: recording.end !== null,
      ...(image === undefined ? {} : { image }),
      ...(imageDigest === undefined ? {} : { imageDigest }),
      ...(pod === undefined ? {} : { pod }),
    };
    byId.set(id, { of: { place, workload, container: name }, instance, facts: new Map(), coverage: [] });
  }
  for (const observation of recording.observations) {
    const { container } = observation;
    const facts = byId.get(container)?.facts;
    const fact: Fact = { claim: claimOf(observation), seen: { [container]: sightingOf(observation) } };
    const key = identity(fact);
    const known = facts?.get(key);
    facts?.set(key, known === undefined ? fact : mergeFacts(known, fact));
  }
  for (const line of recording.coverage) byId.get(line.container)?.coverage.push(coverageOf(line));
  // Several runs of one container may stand in one recording.
  return [...byId.values()].map(({ of, instance, facts, coverage }) =>
    merge(
      { ...of, instances: [instance], coverage, facts: [...facts.values()] },
      { ...of, instances: [], coverage: [], facts: [] },
    ),
  );
}

type Named = Pick<Baseline, 'place' | 'workload' | 'container'>;

function coverageOf({ container, sensor, state, hook, from, to, lost, gaps }: Coverage): SensorCoverage {
  return { instance: container, sensor, state, hook, from, to, lost, gaps: [...new Set(gaps)].toSorted() };
}

/** Claims are equal when all their fields are, whatever order they were written in. */
function identity(fact: Fact): string {
  const known = identities.get(fact.claim);
  if (known !== undefined) return known;
  const made = claimText(fact.claim);
  identities.set(fact.claim, made);
  return made;
}
const identities = new WeakMap<Claim, string>();

function mergeFacts(a: Fact, b: Fact): Fact {
  const seen: Record<string, Sighting> = { ...a.seen };
  for (const [instance, sighting] of Object.entries(b.seen)) {
    const known = seen[instance];
    seen[instance] = known === undefined ? sighting : mergeSightings(known, sighting);
  }
  return { claim: a.claim, seen: Object.fromEntries(Object.entries(seen).toSorted(([x], [y]) => compare(x, y))) };
}

function mergeSightings(a: Sighting, b: Sighting): Sighting {
  return { first: Math.min(a.first, b.first), last: Math.max(a.last, b.last), count: Math.max(a.count, b.count) };
}

/**
 * A cut copy of a recording adds nothing to the whole one, nor takes from it. A recorder that began again came
 * later to the same run.
 */
function mergeInstances(a: Instance, b: Instance): Instance {
  return {
    ...a,
    ...b,
    started: Math.min(a.started, b.started),
    fromStart: a.fromStart || b.fromStart,
    complete: a.complete || b.complete,
  };
}

/** What a line of coverage is about: one watch of one container by one sensor. */
function watchOf({ instance, sensor, state, hook, from }: SensorCoverage): string {
  return JSON.stringify([instance, sensor, state, hook, from]);
}

/** The same watch, told of twice: the later word holds. */
function mergeCoverage(a: SensorCoverage, b: SensorCoverage): SensorCoverage {
  const gaps = [...new Set([...a.gaps, ...b.gaps])].toSorted();
  return { ...a, to: Math.max(a.to, b.to), lost: Math.max(a.lost, b.lost), gaps };
}

function* union<T>(a: readonly T[], b: readonly T[], key: (item: T) => string, join: (x: T, y: T) => T): Generator<T> {
  const all = new Map<string, T>();
  for (const item of [...a, ...b]) {
    const known = all.get(key(item));
    all.set(key(item), known === undefined ? item : join(known, item));
  }
  yield* all.values();
}

function sortedBy<T>(items: T[], key: (item: T) => string): T[] {
  return items
    .map((item) => ({ item, key: key(item) }))
    .toSorted((a, b) => compare(a.key, b.key))
    .map(({ item }) => item);
}

/** By UTF-16 code units: the same on every machine, unlike localeCompare. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
