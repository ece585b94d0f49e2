/** Which facts a collection is about: all of them, or what is news. */
import { readSighting } from '../layouts.gen.ts';
import type { BpfMap, Entry } from '../libbpf/map.ts';
import type { SensorContext } from './sensor.ts';

export interface Sift {
  /** A cheap first look: false when nothing that was last seen then can be news of this subject. */
  moved(subject: number, last: number): boolean;
  /** `key` tells the fact from all others of its subject and sensor. True once for each piece of news. */
  wants(subject: number, key: string, last: number): boolean;
}

export const everything: Sift = { moved: () => true, wants: () => true };

export interface WantedEntry extends Entry {
  readonly subject: number;
  readonly container: string;
}

/**
 * The wanted entries of a map whose values begin with a sighting. Entries of subjects that are gone are
 * deleted; those of subjects without a name wait.
 */
export function* wantedEntries(
  context: SensorContext,
  map: BpfMap,
  sift: Sift,
  subjectOf: (key: DataView) => number,
): Generator<WantedEntry> {
  for (const { subject, container, key, value } of liveEntries(context, map, subjectOf)) {
    const last = context.time(readSighting(value, 0).last);
    if (sift.moved(subject, last) && sift.wants(subject, keyOf(map, key), last))
      yield { subject, container, key, value };
  }
}

/** All entries whose subject has a name; those whose subject is gone are deleted. */
export function* liveEntries(
  context: SensorContext,
  map: BpfMap,
  subjectOf: (key: DataView) => number,
): Generator<WantedEntry> {
  const stale: Uint8Array[] = [];
  for (const { key, value } of map.entries()) {
    const subject = subjectOf(key);
    const container = context.containerOf(subject);
    if (context.gone(subject)) stale.push(new Uint8Array(key.buffer, key.byteOffset, key.byteLength).slice());
    else if (container !== null) yield { subject, container, key, value };
  }
  for (const key of stale) map.delete(key);
}

/** The map's name keeps the keys of a sensor's maps apart. */
export function keyOf(map: BpfMap, key: DataView): string {
  return map.name + Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}
