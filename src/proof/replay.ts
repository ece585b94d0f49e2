/** A recording replayed against an artifact: what was observed and is governed must be allowed. */
import { isOfSession } from '#baseline/sessions.ts';
import type { Observation } from '#observation/observation.ts';
import type { Container, Recording } from '#observation/recording.ts';
import type { Evaluator, Verdict } from '#policies/kind.ts';

export interface Offence {
  readonly observation: Observation;
  readonly verdict: Verdict;
}

export interface Replay {
  readonly allowed: number;
  readonly denied: number;
  /** The artifact alone does not tell. Never counted as allowed. */
  readonly unknown: number;
  readonly notGoverned: number;
  /** The first that were not allowed, in the recording's order. */
  readonly offences: readonly Offence[];
  /** What the recording itself may have missed, in words; sorted. */
  readonly doubts: readonly string[];
}

export function replay(evaluator: Evaluator, recordings: readonly Recording[], maxOffences = 10): Replay {
  const counts = { allow: 0, deny: 0, unknown: 0, notGoverned: 0 };
  const offences: Offence[] = [];
  for (const { observation, by } of recordings.flatMap(attributed)) {
    if (isOfSession(observation) || !evaluator.governs(observation, by)) {
      counts.notGoverned += 1;
      continue;
    }
    const verdict = evaluator.judge(observation, by);
    counts[verdict.verdict] += 1;
    if (verdict.verdict !== 'allow' && offences.length < maxOffences) offences.push({ observation, verdict });
  }
  return {
    allowed: counts.allow,
    denied: counts.deny,
    unknown: counts.unknown,
    notGoverned: counts.notGoverned,
    offences,
    doubts: doubtsOf(recordings),
  };
}

/** Observations with the container that made them. */
export function attributed({ containers, observations }: Recording): { observation: Observation; by: Container }[] {
  const byId = new Map(containers.map((container) => [container.id, container]));
  return observations.flatMap((observation) => {
    const by = byId.get(observation.container);
    return by === undefined ? [] : [{ observation, by }];
  });
}

/** Whether everything governed was allowed, and there was anything. */
export function proved({ allowed, denied, unknown }: Replay): boolean {
  return allowed > 0 && denied === 0 && unknown === 0;
}

function doubtsOf(recordings: readonly Recording[]): string[] {
  const found = new Set<string>();
  for (const { end, coverage } of recordings) {
    if (end === null) found.add('a recording was cut before its end');
    for (const { sensor, state, lost, hook, gaps } of coverage) {
      if (state === 'unavailable') found.add(`${sensor}: not recorded (${hook})`);
      if (lost > 0) found.add(`${sensor}: ${lost} lost`);
      for (const gap of gaps) found.add(`${sensor}: ${gap}`);
    }
  }
  return [...found].toSorted();
}
