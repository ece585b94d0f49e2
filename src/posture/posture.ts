/**
 * The contract of what is written about a cluster's posture, beside the kinds of policies: a line in `index.ts` makes a row
 * of the README's table, and `write` a part of the tree of `gen all`.
 */
import type { Baseline } from '#baseline/baseline.ts';
import type { ApiUse } from '#kubernetes/api-use.ts';
import type { Version } from './pss/level.ts';

export type Known<T> =
  | { readonly type: 'known'; readonly value: T }
  /** Why nobody knows: the end of a sentence, `the API server refuses …`. */
  | { readonly type: 'unknown'; readonly reason: string };

export interface Evidence {
  /** What was recorded of the workloads that were asked for. */
  readonly baselines: readonly Baseline[];
  /** Objects of the cluster or of manifests, each with its version and kind. */
  readonly objects: Known<readonly unknown[]>;
  /** Rights that were used through the API server. */
  readonly uses: Known<readonly ApiUse[]>;
  /** Of Kubernetes. */
  readonly version: Version;
  /** Groups and versions that the API server serves; null where nobody asked it. */
  readonly apis: readonly string[] | null;
  /** Where all of it lies; null for several namespaces. */
  readonly namespace: string | null;
  /** Whether all workloads there were asked for: what a namespace has in common is no matter of one of them. */
  readonly whole: boolean;
  /** `watch`: forms that refuse nothing, where there are. */
  readonly stage: 'watch' | 'enforce';
}

export interface WrittenFile {
  /** A file name, safe on every file system. */
  readonly path: string;
  readonly text: string;
  /** What it does; part of a sentence. */
  readonly what: string;
  /** Whose it is: a workload, a namespace, a rule. */
  readonly of: string;
  /** What its judge said: `12 of 12 requests allowed`. Null where there is nothing to be asked. */
  readonly judged: string | null;
  readonly applied: 'object' | 'patch';
  /** Whether something is refused, or runs in another way, once it is applied. */
  readonly refuses: boolean;
}

export interface Written {
  readonly files: readonly WrittenFile[];
  /** What is not there, and why: sentences without a full stop. */
  readonly without: readonly string[];
  /** What else a reader must know. */
  readonly notes: readonly string[];
  /** Where the judge does not agree with what was written: then nothing may be. */
  readonly faults: readonly string[];
}

export interface Posture {
  /** Its folder in the tree. */
  readonly name: string;
  readonly commands: readonly string[];
  readonly shown: { readonly generated: string; readonly judged: string; readonly enforced: string };
  /** Absent for what has commands of its own alone. */
  readonly tree?: {
    /** `watches`: whether there is a form that refuses nothing; the others are sentences of a README. */
    readonly rollout: {
      readonly watches: boolean;
      readonly look: string;
      readonly enforce: string;
      readonly undo: string;
    };
    write(evidence: Evidence): Written;
  };
}

/** Nothing was written, and why. */
export function nothing(why: string): Written {
  return { files: [], without: [why], notes: [], faults: [] };
}
