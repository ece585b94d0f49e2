/** One pod or template: its level, what stricter ones refuse, and what is known of the way there. */
import type { Baseline } from '#baseline/baseline.ts';
import type { PodSource } from '../workloads.ts';
import { type Observed, observedOf } from './behaviour.ts';
import { defaulted } from './defaults.ts';
import { strictestLevel, type Violation, violations } from './evaluate.ts';
import { type Plan, planFrom, strictestOf, unchanged } from './fix/plan.ts';
import type { Level, Version } from './level.ts';
import { readPod } from './pod.ts';

export interface Audited {
  /** The strictest level that it passes as it is. */
  readonly current: Level;
  /** The strictest level that what was observed allows, with the changes that lead there. */
  readonly recommended: Plan;
  /** What the asked level refuses, and the way there whatever it breaks. */
  readonly violations: readonly Violation[];
  readonly plan: Plan;
  /** Whether anything was observed of it. */
  readonly observed: boolean;
}

/** Throws `UnreadablePod`. */
export function audit(pod: unknown, level: Level, version: Version, observed: Observed): Audited {
  const view = defaulted(readPod(pod));
  const ways = new Map<Level, Plan>();
  const way = (to: Level): Plan => {
    const found = ways.get(to) ?? planFrom(view, pod, to, version, observed);
    ways.set(to, found);
    return found;
  };
  return {
    current: strictestLevel(view, version),
    recommended: strictestOf(way) ?? unchanged(pod, 'privileged'),
    violations: violations(view, level, version),
    plan: way(level),
    observed: observed.size > 0,
  };
}

/** Which baselines are about the pods of a manifest. What ran outside of a cluster goes by the workload's name alone. */
export function observations(baselines: readonly Baseline[]): (source: PodSource) => Observed {
  const byName = Map.groupBy(baselines, ({ workload }) => workload);
  return ({ kind, name, namespace }) =>
    observedOf(
      (byName.get(name) ?? []).filter(
        ({ place }) => place === null || (place.kind === kind && (namespace === null || place.namespace === namespace)),
      ),
    );
}
