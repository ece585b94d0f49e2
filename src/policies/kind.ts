/**
 * The contract of a policy kind. A kind is a folder beside this file and a line in `index.ts`;
 * commands, their flags and help, and the documentation's table follow from it.
 */
import type { z } from 'zod';
import type { Baseline } from '#baseline/baseline.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import type { Denial } from '#observation/denial.ts';
import type { Observation } from '#observation/observation.ts';
import type { Workload } from '#kubernetes/workload.ts';
import type { Container, Sensor } from '#observation/recording.ts';

/** Final text and where it goes. Nobody edits it downstream. */
export interface Artifact {
  /** File name below the output directory, safe on every file system. */
  readonly path: string;
  readonly text: string;
  /** False for a text that grants nothing itself and only names another: there is nothing to replay. */
  readonly judged?: false;
  /** The same in another form, or what uses it: written into a folder beside the artifact before it, never to standard output. */
  readonly beside?: true;
  /** How it comes into the cluster: as an object, or as a patch of a workload. Absent: a file of nodes. */
  readonly applied?: 'object' | 'patch';
  /** Why it allows more than was seen, where its form cannot say that narrowly: it is complete, and not tight. */
  readonly wider?: string;
}

/** What is known when a kind generates. */
export interface Evidence {
  /** All baselines of one unit: see `PolicyKind.unit`. Never empty. */
  readonly baselines: readonly Baseline[];
  /** The cluster's own objects; null where there is no cluster, or nobody asked it. */
  readonly cluster: Cluster | null;
}

/** What generating gave: artifacts, or the reason why there are none. */
export type Generated =
  | {
      readonly type: 'artifacts';
      readonly artifacts: readonly Artifact[];
      /** What a reader must know: losses, gaps, widenings. Sentences without a full stop. */
      readonly notes: readonly string[];
      /** What the options told it to leave out: the replay passes over it, and the notes count it. */
      readonly leftOut?: ((observation: Observation) => boolean) | undefined;
    }
  | { readonly type: 'abstained'; readonly reason: string };

export interface Verdict {
  readonly verdict: 'allow' | 'deny' | 'unknown';
  /** What decided, in the artifact's own words: `syscalls[0] SCMP_ACT_ALLOW`, `defaultAction SCMP_ACT_ERRNO (EPERM)`. */
  readonly rule: string;
  /** The smallest grants that together let it through, each one of the artifact's `permissions`; absent when nothing was granted. */
  readonly permissions?: readonly string[];
  /** Where several decide, what each says: `{ingress: 'allow', egress: 'deny'}`. */
  readonly parts?: Readonly<Record<string, 'allow' | 'deny' | 'unknown'>>;
}

/** An artifact that was read as the cluster would read it. */
export interface Evaluator<Query = unknown> {
  /** True where nothing is refused: `deny` is an alert. */
  readonly alerts?: true;
  /** Whether this kind of artifact has a say about the observation, which `by` made, at all. */
  governs(observation: Observation, by: Container): boolean;
  judge(observation: Observation, by: Container): Verdict;
  /** The same answer to a question that was not observed: one line of `kguardian evaluate`. */
  answer(query: Query): Verdict;
  /** What an observation is about, for those who count: observations of one text are counted together. */
  about(observation: Observation, by: Container): string;
  /** Every grant in the artifact, sorted: what `explain` lists. */
  readonly permissions: readonly string[];
  /** Why a permission stands there without evidence (the runtime's need, say); null when nothing is known of it. */
  ground(permission: string): string | null;
  /**
   * Queries beside what is allowed. The proof counts those that pass without evidence: what the artifact
   * grants beyond the recording.
   */
  neighbours(): Iterable<{ readonly query: Query; readonly label: string }>;
}

/** What two texts answer differently, in the kind's own words. */
export interface Change {
  /** `Deployment shop/web → Deployment shop/db 5432/TCP`. */
  readonly what: string;
  readonly before: Verdict['verdict'];
  readonly after: Verdict['verdict'];
  /** What decides after the change. */
  readonly rule: string;
}

/** Objects that an API server keeps. */
export interface DeployedKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** False for one that speaks of the whole cluster. */
  readonly namespaced: boolean;
  /** The version that the same objects are read as; they count only where that one is not served itself. */
  readonly readAs?: string;
}

/** One end that a workload may or may not talk with. */
export interface Reach {
  readonly direction: 'ingress' | 'egress';
  readonly peer: string;
  /** `8080/TCP, 9000-9099/TCP`, `any port`. */
  readonly ports: string;
  readonly verdict: Verdict['verdict'];
  readonly rule: string;
}

/** An artifact with what a log of denials says it lacks. */
export interface Refined {
  /** The whole text with the additions; the same as before when there are none. */
  readonly text: string;
  readonly additions: readonly { readonly permission: string; readonly count: number }[];
  /** Denials that became nothing, and why, as sentences without a full stop. */
  readonly left: readonly { readonly reason: string; readonly count: number }[];
}

/** What a kind does, in a row of the README's table. */
export interface Shown {
  readonly generated: string;
  /** What its judge reads, and what that was compared with. */
  readonly judged: string;
  /** Where our tests run what was generated. */
  readonly enforced: string;
}

/** From a file to a rule in force and back, in sentences of a README. */
export interface Rollout {
  /** Options by which what is written refuses nothing; null where `look` tells how to see first what it would refuse. */
  readonly watch: Readonly<Record<string, unknown>> | null;
  readonly look: string;
  readonly enforce: string;
  readonly undo: string;
}

export interface PolicyKind<Options extends z.ZodObject = z.ZodObject, Query = unknown> {
  /** The word on the command line: `kguardian gen <name>`. */
  readonly name: string;
  readonly aliases: readonly string[];
  /** One line for help and the documentation's table. */
  readonly summary: string;
  readonly shown: Shown;
  readonly rollout: Rollout;
  /** What `gen` calls the artifact of a recording with the name `demo`: for help. */
  readonly demoFile: string;
  /** Options where nobody asked for this kind by name: what a cluster may do without abstains where nothing shows it. */
  readonly unasked?: Readonly<Record<string, unknown>>;
  /** Each field is a flag: kebab-cased name, help from `describe`, choices from enums, repeats from arrays. */
  readonly options: Options;
  /** Without these the kind abstains; empty where any that it reads is enough. */
  readonly sensors: readonly Sensor[];
  /**
   * What one call of `generate` writes for: a container, a workload with all its containers, or all that is known.
   * Artifacts of a `cluster` decide together: they are replayed as one text.
   */
  readonly unit: 'container' | 'workload' | 'cluster';
  /** Whether artifacts speak of other objects of the cluster, so that neither writing nor judging goes without it. */
  readonly cluster: 'required' | 'unused';
  generate(evidence: Evidence, options: z.infer<Options>): Generated;
  /** Whether `text` looks like an artifact of this kind, however broken. */
  recognises(text: string): boolean;
  /** Reads an artifact. Throws `UnreadableArtifact` when the cluster would refuse it. */
  evaluator(text: string, options?: Record<string, unknown>, cluster?: Cluster | null): Evaluator<Query>;
  /**
   * Adds what was denied, and nothing wider. Denials of other frameworks and of other profiles are left, by name.
   * Throws `UnreadableArtifact`. Absent where no log tells of this kind.
   */
  refine?(text: string, denials: readonly Denial[]): Refined;
  /** What reading an artifact depends on besides its text; a part of `options`, flags of `kguardian evaluate <name>`. */
  readonly readingOptions: z.ZodObject;
  /** One line of `kguardian evaluate <name>`, without its `id`. */
  readonly query: z.ZodType<Query>;
  /** Objects of an API server by which it is in force; empty where it lives in files on nodes. */
  readonly deployed: readonly DeployedKind[];
  /** What the second text opens and closes against the first; absent where texts are compared as texts. */
  compare?(before: string, after: string, options: Record<string, unknown>, cluster: Cluster): readonly Change[];
  /** Who can reach the workload and whom it can reach; null where the cluster has no pod of it. Absent for what is no matter of reach. */
  reach?(text: string, options: Record<string, unknown>, cluster: Cluster, workload: Workload): readonly Reach[] | null;
  /** Questions that bring along all that they are about, so that no artifact is named; absent where there are none. */
  readonly world?: World;
}

export interface World<Question = unknown> {
  /** One line of `kguardian evaluate <name>` without an artifact, without its `id`. */
  readonly query: z.ZodType<Question>;
  /** Starts answering. What it reads once is kept for the next question. */
  answers(): { answer(question: Question): Verdict };
}

/** The artifact's text is not valid. `where` is a path into it, `syscalls[3].action`. */
export class UnreadableArtifact extends Error {
  readonly where: string;
  constructor(where: string, what: string) {
    super(where === '' ? what : `${where}: ${what}`);
    this.name = 'UnreadableArtifact';
    this.where = where;
  }
}
