/** Which evidence stands behind each permission of an artifact. */
import { isOfSession } from '#baseline/sessions.ts';
import type { Observation } from '#observation/observation.ts';
import type { Recording } from '#observation/recording.ts';
import type { Evaluator } from '#policies/kind.ts';
import { attributed } from './replay.ts';

export interface Explanation {
  readonly permission: string;
  /** Null when nothing observed needs it. */
  readonly evidence: {
    readonly first: number;
    readonly last: number;
    readonly count: number;
    readonly phases: readonly string[];
    /** Executables, sorted; `unknown` for one that could not be named. */
    readonly programs: readonly string[];
    /** Runs that used it, and all runs that were recorded. */
    readonly instances: number;
    readonly of: number;
  } | null;
  /** Why it stands there all the same; null when no reason is known. */
  readonly ground: string | null;
}

interface Gathered {
  first: number;
  last: number;
  count: number;
  readonly phases: Set<string>;
  readonly programs: Set<string>;
  readonly instances: Set<string>;
}

/** One explanation for each permission, in the artifact's order. */
export function explain(evaluator: Evaluator, recordings: readonly Recording[]): Explanation[] {
  const gathered = new Map<string, Gathered>();
  const of = new Set(recordings.flatMap(({ containers }) => containers.map(({ id }) => id))).size;
  for (const { observation, by } of recordings.flatMap(attributed)) {
    if (observation.type === 'usage' || isOfSession(observation) || !evaluator.governs(observation, by)) continue;
    const { verdict, permissions } = evaluator.judge(observation, by);
    if (verdict === 'deny') continue;
    for (const permission of permissions ?? []) gather(gathered, permission, observation);
  }
  return evaluator.permissions.map((permission) => {
    const all = gathered.get(permission);
    const evidence =
      all === undefined
        ? null
        : {
            ...all,
            phases: [...all.phases].toSorted(),
            programs: [...all.programs].toSorted(),
            instances: all.instances.size,
            of,
          };
    return { permission, evidence, ground: evaluator.ground(permission) };
  });
}

function gather(
  gathered: Map<string, Gathered>,
  permission: string,
  observation: Exclude<Observation, { type: 'usage' }>,
): void {
  const { seen, phase, program, container } = observation;
  const all = gathered.get(permission) ?? {
    ...seen,
    count: 0,
    phases: new Set(),
    programs: new Set(),
    instances: new Set(),
  };
  all.first = Math.min(all.first, seen.first);
  all.last = Math.max(all.last, seen.last);
  all.count += seen.count;
  all.phases.add(phase);
  all.programs.add(program ?? 'unknown');
  all.instances.add(container);
  gathered.set(permission, all);
}

/** Permissions that no observation needs: what the artifact grants beyond the recording. */
export function beyond(explanations: readonly Explanation[]): { grounded: string[]; ungrounded: string[] } {
  const idle = explanations.filter(({ evidence }) => evidence === null);
  return {
    grounded: idle.flatMap(({ permission, ground }) => (ground === null ? [] : [permission])),
    ungrounded: idle.flatMap(({ permission, ground }) => (ground === null ? [permission] : [])),
  };
}
