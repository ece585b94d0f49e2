/** What a check is: one control of the standards with its variants over the versions of Kubernetes. */
import type { Level } from '../level.ts';
import type { PodView } from '../pod.ts';
import type { Finding } from '../wording.ts';

export interface Check {
  /** As upstream calls it: results come in the order of ids, baseline's before restricted's. */
  readonly id: string;
  readonly level: Exclude<Level, 'privileged'>;
  /** Oldest first; the newest that is not newer than the asked version runs. */
  readonly versions: readonly Variant[];
  /** Of baseline: not run at restricted in versions that have this check, which asks for more of the same. */
  readonly overrides?: string;
}

export interface Variant {
  /** Minor version of Kubernetes 1.x. */
  readonly since: number;
  /** Null: nothing to object to. */
  readonly run: (pod: PodView) => Finding | null;
}

/** Pods of Windows, which cannot set what only Linux has. */
export const isWindows = (pod: PodView): boolean => pod.spec.os?.name === 'windows';

/** Without what does not concern pods of Windows. */
export const notWindows =
  (run: Variant['run']): Variant['run'] =>
  (pod) =>
    isWindows(pod) ? null : run(pod);
