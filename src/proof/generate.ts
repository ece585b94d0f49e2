/** Artifacts that were replayed before anybody sees them: the one way in which commands and the broker generate. */
import type { Baseline } from '#baseline/baseline.ts';
import { withoutSessions } from '#baseline/sessions.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import type { Recording } from '#observation/recording.ts';
import type { Artifact, Evidence, Generated, PolicyKind } from '#policies/kind.ts';
import { type Replay, replay } from './replay.ts';

export interface ProvedArtifact {
  readonly artifact: Artifact;
  readonly proof: Replay;
}

type LeftOut = Extract<Generated, { type: 'artifacts' }>['leftOut'];

/** `refused`: the artifacts refuse something that was observed, so none of them may be used. */
export type Proved =
  | { readonly type: 'proved'; readonly artifacts: readonly ProvedArtifact[]; readonly notes: readonly string[] }
  | { readonly type: 'refused'; readonly artifacts: readonly ProvedArtifact[] }
  | { readonly type: 'abstained'; readonly reason: string };

/** Baselines in the groups that the kind writes for, in their order. */
export function evidences(kind: PolicyKind, baselines: readonly Baseline[], cluster: Cluster | null): Evidence[] {
  const groups = Map.groupBy(baselines, ({ place, workload, container }) =>
    JSON.stringify(
      kind.unit === 'cluster'
        ? [place?.cluster ?? null]
        : [place, workload, ...(kind.unit === 'container' ? [container] : [])],
    ),
  );
  return [...groups.values()].map((group) => ({ baselines: group.map(withoutSessions), cluster }));
}

export function generateProved(
  kind: PolicyKind,
  evidence: Evidence,
  options: Record<string, unknown>,
  recordings: readonly Recording[],
): Proved {
  const generated = kind.generate(evidence, options);
  if (generated.type === 'abstained') return generated;
  const own = recordings.map((recording) => onlyOf(evidence, recording, generated.leftOut));
  const { cluster } = evidence;
  const proofOf = (text: string): Replay => replay(kind.evaluator(text, options, cluster), own);
  // What decides together is replayed together.
  const whole = kind.unit === 'cluster' ? proofOf(generated.artifacts.map(({ text }) => text).join('')) : null;
  const proofs = generated.artifacts.map(({ text, judged }) => (judged === false ? null : (whole ?? proofOf(text))));
  // What is not judged stands and falls with what it names: the first that is.
  const first = proofs.find((proof) => proof !== null);
  if (first === undefined || first === null) throw new Error(`${kind.name} made nothing that can be judged`);
  const artifacts = generated.artifacts.map((artifact, at) => ({ artifact, proof: proofs[at] ?? first }));
  return artifacts.some(({ proof }) => proof.denied > 0)
    ? { type: 'refused', artifacts: artifacts.filter(({ proof }) => proof.denied > 0) }
    : { type: 'proved', artifacts, notes: generated.notes };
}

/** What of a recording is about the runs of these baselines. */
export function onlyOf({ baselines }: Pick<Evidence, 'baselines'>, recording: Recording, leftOut?: LeftOut): Recording {
  const ids = new Set(baselines.flatMap(({ instances }) => instances.map(({ id }) => id)));
  const own = <T extends { container: string }>(all: readonly T[]): T[] =>
    all.filter(({ container }) => ids.has(container));
  return {
    ...recording,
    containers: recording.containers.filter(({ id }) => ids.has(id)),
    observations: own(recording.observations).filter((each) => leftOut?.(each) !== true),
    coverage: own(recording.coverage),
  };
}
