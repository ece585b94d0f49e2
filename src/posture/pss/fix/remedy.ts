/** What one change of a pod would be, and what is known of what it does to the workload. */
import type { Edit } from '../../change.ts';
import type { Behaviour, Observed } from '../behaviour.ts';
import type { Path, Placed, PodView } from '../pod.ts';

/** From the pod down. */
export type Change = Edit;

export interface Effect {
  /** Unknown is not safe: nobody watched, or what was watched does not tell. */
  readonly type: 'safe' | 'unknown' | 'breaks';
  readonly why: string;
}

export interface Remedy {
  readonly check: string;
  /** Null where it is the pod that changes. */
  readonly container: string | null;
  /** What to do, `set runAsNonRoot: true`. */
  readonly what: string;
  /** Empty where no change of a field alone would do. */
  readonly changes: readonly Change[];
  readonly effect: Effect;
}

export interface Situation {
  readonly pod: PodView;
  readonly observed: Observed;
}

export const unwatched: Effect = { type: 'unknown', why: 'nothing that was recorded tells' };

const severity = { safe: 0, unknown: 1, breaks: 2 } as const;

/** What holds for all of them together; those of the worst kind say why. */
export function worst(effects: readonly (Effect & { readonly of: string })[]): Effect {
  const type = effects.reduce<Effect['type']>((a, b) => (severity[b.type] > severity[a] ? b.type : a), 'safe');
  const reasons = effects.filter((each) => each.type === type);
  const alike = new Set(reasons.map(({ why }) => why)).size === 1;
  const [only] = reasons;
  if (only === undefined) return { type: 'safe', why: 'no container is concerned' };
  if (alike) return { type, why: only.why };
  return { type, why: reasons.map(({ of, why }) => `${of} ${why}`).join(', ') };
}

/** The same question asked of each container. */
export function ofContainers(
  { observed }: Situation,
  containers: readonly Placed[],
  effect: (behaviour: Behaviour | undefined, placed: Placed) => Effect,
): Effect {
  return worst(containers.map((placed) => ({ of: placed.name, ...effect(observed.get(placed.name), placed) })));
}

export function below(placed: Placed, ...path: Path): Path {
  return ['spec', placed.field, placed.index, ...path];
}
