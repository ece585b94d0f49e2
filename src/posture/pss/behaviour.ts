/** What was observed of a workload's containers, as far as it tells whether a stricter level would break them. */
import type { Baseline, FactOf } from '#baseline/baseline.ts';
import { doubtsAbout } from '#baseline/doubts.ts';
import type { Observation } from '#observation/observation.ts';
import type { Sensor } from '#observation/recording.ts';

/** What was seen, and whether that is all there was: a sensor that watched each run from its start and lost nothing. */
export interface Seen<T> {
  readonly seen: readonly T[];
  readonly all: boolean;
}

export interface Behaviour {
  /** The users that programs were started as. */
  readonly uids: Seen<number>;
  readonly programs: Seen<string>;
  /** That the kernel granted, `CAP_CHOWN`. */
  readonly capabilities: Seen<string>;
  readonly listens: Seen<{ readonly ip: string; readonly port: number }>;
  readonly files: Seen<{ readonly path: string; readonly written: boolean; readonly device: boolean }>;
  /** Processes outside of the container that it sent signals to, or traced. */
  readonly outside: Seen<string>;
}

/** By the container's name. */
export type Observed = ReadonlyMap<string, Behaviour>;

const writes = new Set(
  'write append create truncate mkdir unlink rmdir rename-from rename-to link-to symlink mknod chmod chown'.split(' '),
);

/** Of the containers of one workload. Sessions (`kubectl exec`) and the runtime are not the workload. */
export function observedOf(baselines: readonly Baseline[]): Observed {
  return new Map(baselines.map((baseline) => [baseline.container, behaviourOf(baseline)]));
}

export function behaviourOf(baseline: Baseline): Behaviour {
  const seen = <T>(sensor: Sensor, found: readonly T[]): Seen<T> => ({ seen: found, all: isAll(baseline, sensor) });
  const execs = factsOf(baseline, 'exec');
  return {
    uids: seen(
      'programs',
      unique(execs.map(({ claim }) => claim.uid)).toSorted((a, b) => a - b),
    ),
    programs: seen('programs', unique(execs.map(({ claim }) => claim.path)).toSorted()),
    capabilities: seen(
      'capabilities',
      unique(factsOf(baseline, 'capability').flatMap(({ claim }) => (claim.granted ? [claim.name] : []))).toSorted(),
    ),
    listens: seen(
      'network',
      factsOf(baseline, 'listen').map(({ claim: { ip, port } }) => ({ ip, port })),
    ),
    files: seen(
      'files',
      factsOf(baseline, 'file').flatMap(({ claim: { path, access, kind, resolution } }) =>
        resolution === 'detached'
          ? []
          : [{ path, written: writes.has(access), device: kind === 'char' || kind === 'block' }],
      ),
    ),
    outside: seen('operations', [
      ...factsOf(baseline, 'signal').flatMap(({ claim }) =>
        claim.direction === 'send' && claim.other.type === 'outside' ? [`sent signal ${claim.signal}`] : [],
      ),
      ...factsOf(baseline, 'ptrace').flatMap(({ claim }) =>
        claim.direction === 'trace' && claim.other.type === 'outside' ? ['traced'] : [],
      ),
    ]),
  };
}

type Programmed = Exclude<Observation['type'], 'usage'>;

function factsOf<T extends Programmed>({ facts }: Baseline, type: T): FactOf<T>[] {
  // The union of claims does not narrow by a type parameter.
  return facts.filter(({ claim }) => claim.type === type && claim.phase === 'program') as FactOf<T>[];
}

function isAll(baseline: Baseline, sensor: Sensor): boolean {
  return (
    baseline.instances.length > 0 &&
    baseline.instances.every(({ fromStart }) => fromStart) &&
    doubtsAbout([baseline], sensor, '').length === 0 &&
    baseline.coverage.every((each) => each.sensor !== sensor || each.gaps.length === 0)
  );
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
