/** How much attack surface is left: which of the listed attacks each artifact stops or tells of, and which all together. */
import type { Architecture, Observation } from '#observation/observation.ts';
import type { Container } from '#observation/recording.ts';
import { syscallNumber } from '#observation/syscalls.ts';
import type { Evaluator, Verdict } from '#policies/kind.ts';
import { type Act, type Attack, attacks } from './attacks/index.ts';

export interface Outcome {
  /**
   * - `stopped`: something that it needs is refused.
   * - `told`: nothing is, and an alert is raised on something that it needs.
   * - `unknown`: neither for sure.
   * - `open`: it goes, and nobody is told.
   */
  readonly outcome: 'stopped' | 'told' | 'unknown' | 'open';
  /** What stops it or tells of it, or leaves it open whether. */
  readonly rule: string | null;
}

export interface Scored {
  readonly attack: Attack;
  /** In the order of the artifacts. */
  readonly each: readonly Outcome[];
  readonly all: Outcome;
}

export interface Attacker {
  readonly arch: Architecture;
  /** Whose code he runs, and where. */
  readonly by: Container;
  /** The program that he has taken over. One that no artifact names stands for the first that the container runs. */
  readonly program: string;
}

/** Nobody's: for an attacker of whom nothing is known but that he is in the container. */
export const anyProgram = '/attacked';

export function score(evaluators: readonly Evaluator[], attacker: Attacker): Scored[] {
  return attacks.map((attack) => {
    const each = evaluators.map((evaluator) => outcomeOf(attack, evaluator, attacker));
    return { attack, each, all: strongest(each) };
  });
}

function outcomeOf({ acts }: Attack, evaluator: Evaluator, attacker: Attacker): Outcome {
  return strongest(
    acts.map((act) => {
      // Of several ways all must be closed.
      const ways = 'type' in act ? [act] : act;
      return weakest(ways.flatMap((way) => judged(way, evaluator, attacker) ?? []));
    }),
  );
}

/** Null for a call that the machine does not have: no way at all. */
function judged(act: Act, evaluator: Evaluator, attacker: Attacker): Outcome | null {
  const observation = observationOf(act, attacker);
  if (observation === null) return null;
  if (!evaluator.governs(observation, attacker.by)) return { outcome: 'open', rule: null };
  return spoken(evaluator.judge(observation, attacker.by), evaluator.alerts === true);
}

function spoken({ verdict, rule }: Verdict, alerts: boolean): Outcome {
  return verdict === 'deny'
    ? { outcome: alerts ? 'told' : 'stopped', rule }
    : verdict === 'unknown'
      ? { outcome: 'unknown', rule }
      : { outcome: 'open', rule: null };
}

function observationOf(act: Act, { arch, by, program }: Attacker): Observation | null {
  const common = { container: by.id, phase: 'program', program, seen: { first: 0, last: 0, count: 1 } } as const;
  if (act.type !== 'call') return { ...act, ...common };
  const nr = syscallNumber(arch, act.name);
  return nr === null ? null : { type: 'syscall', ...common, arch, nr, name: act.name };
}

const strength = { stopped: 3, told: 2, unknown: 1, open: 0 };

function strongest(outcomes: readonly Outcome[]): Outcome {
  return outcomes.reduce((a, b) => (strength[b.outcome] > strength[a.outcome] ? b : a), {
    outcome: 'open',
    rule: null,
  });
}

function weakest(outcomes: readonly Outcome[]): Outcome {
  const none: Outcome = { outcome: 'stopped', rule: 'this machine has no such call' };
  return outcomes.length === 0 ? none : outcomes.reduce((a, b) => (strength[b.outcome] < strength[a.outcome] ? b : a));
}
