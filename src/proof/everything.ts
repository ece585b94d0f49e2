/** Every kind for what was observed, each proved or with the reason why it is not there. */
import { firstOf } from '#baseline/evidence.ts';
import type { Baseline } from '#baseline/baseline.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import type { Recording } from '#observation/recording.ts';
import { kinds } from '#policies/index.ts';
import type { PolicyKind } from '#policies/kind.ts';
import { containerName } from '#policies/names.ts';
import { evidences, generateProved, type Proved } from './generate.ts';

/** `watch`: forms that refuse nothing, where a kind has one. */
export type Stage = 'watch' | 'enforce';

/** What one call of a kind's `generate` gave. */
export interface Unit {
  readonly kind: PolicyKind;
  /** Containers that it is about. */
  readonly baselines: readonly Baseline[];
  /** `shop-web-app`; several are counted. */
  readonly name: string;
  /** Whether what is written refuses something once it is applied. */
  readonly refuses: boolean;
  readonly proved: Proved;
}

export function everything(
  baselines: readonly Baseline[],
  recordings: readonly Recording[],
  cluster: Cluster | null,
  stage: Stage,
  given: Readonly<Record<string, unknown>> = {},
): Unit[] {
  return kinds.flatMap((kind) => {
    const own = Object.fromEntries(Object.entries(given).filter(([name]) => name in kind.options.shape));
    const watch = stage === 'watch' ? kind.rollout.watch : null;
    const options = kind.options.parse({ ...kind.unasked, ...own, ...watch });
    return evidences(kind, baselines, cluster).map((evidence): Unit => {
      const about = [...new Set(evidence.baselines.map(containerName))];
      const name = about.length === 1 ? (about[0] ?? '') : `${about.length} containers`;
      const proved: Proved =
        kind.cluster === 'required' && cluster === null
          ? { type: 'abstained', reason: 'the objects of the cluster are not known' }
          : generateProved(kind, evidence, options, recordings);
      return { kind, baselines: evidence.baselines, name, refuses: watch === null, proved };
    });
  });
}

/** Units without artifacts, those of one kind and reason together. */
function absences(
  units: readonly Unit[],
): { readonly kind: string; readonly reason: string; readonly names: readonly string[] }[] {
  const absent = units.flatMap(({ kind, name, proved }) =>
    proved.type === 'abstained' ? [{ kind: kind.name, name, reason: shortReason(proved.reason) }] : [],
  );
  return [...Map.groupBy(absent, ({ kind, reason }) => `${kind} ${reason}`).values()].flatMap(([first, ...more]) =>
    first === undefined ? [] : [{ ...first, names: [first, ...more].map(({ name }) => name) }],
  );
}

/** `web, api and 3 more: no seccomp, because …`. */
export function absenceLines(units: readonly Unit[]): string[] {
  return absences(units).map(({ kind, reason, names }) => `${firstOf(names, 3)}: no ${kind}, ${reason}`);
}

/** A cluster's workloads have a reason each, a line each: the first few, and how many more. */
export function shortReason(reason: string): string {
  const lines = reason.split('\n');
  return lines.length > 3 ? `${lines.slice(0, 2).join('; ')}; and ${lines.length - 2} more` : lines.join('; ');
}
