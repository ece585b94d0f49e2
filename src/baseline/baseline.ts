/**
 * What is known of one container of one workload: the union of all that was observed of its runs.
 * Merging is associative, commutative and idempotent, so recordings add up in any order and a
 * repeat changes nothing.
 */
import type { Pod } from '#kubernetes/pod.ts';
import type { Observation, Sighting } from '#observation/observation.ts';
import type { Architecture } from '#observation/observation.ts';
import type { Sensor } from '#observation/recording.ts';

/** An observation without the run it came from and without its times. */
export type Claim = Observation extends infer O
  ? O extends Observation
    ? Readonly<Omit<O, 'container' | 'seen'>>
    : never
  : never;

/** One claim and the runs that bear it out, by container id. */
export interface Fact<C extends Claim = Claim> {
  readonly claim: C;
  readonly seen: Readonly<Record<string, Sighting>>;
}

/** One run of the container. */
export interface Instance {
  readonly id: string;
  readonly arch: Architecture;
  readonly kernel: string;
  readonly started: number;
  readonly fromStart: boolean;
  /** False when a recording of it was cut before its end. */
  readonly complete: boolean;
  readonly image?: string;
  readonly imageDigest?: string;
  /** Absent outside of a cluster. */
  readonly pod?: Pod;
}

export interface SensorCoverage {
  readonly instance: string;
  readonly sensor: Sensor;
  readonly state: 'ran' | 'unavailable';
  readonly hook: string;
  readonly from: number;
  readonly to: number;
  readonly lost: number;
  readonly gaps: readonly string[];
}

/** Where a workload lives in a cluster. */
export type Place = Pick<Pod, 'cluster' | 'namespace' | 'kind'>;

export interface Baseline {
  /** Null for what ran outside of a cluster. */
  readonly place: Place | null;
  readonly workload: string;
  readonly container: string;
  /** Sorted by id, as is everything below by its own key. */
  readonly instances: readonly Instance[];
  readonly coverage: readonly SensorCoverage[];
  readonly facts: readonly Fact[];
}

export type FactOf<T extends Claim['type']> = Fact<Extract<Claim, { type: T }>>;
