/** Every kind for what was observed, each proved or with the reason why it is not there. */
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
    const options = kind.options.parse({ ...own, ...watch });
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
