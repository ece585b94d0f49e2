/** `kguardian gen <kind>`: every artifact is replayed against the recording before anybody sees it. */
import { join } from 'node:path';
import type { Baseline } from '#baseline/baseline.ts';
import { fold } from '#baseline/fold.ts';
import { printable } from '#observation/text.ts';
import type { Recording } from '#observation/recording.ts';
import type { Artifact, PolicyKind } from '#policies/kind.ts';
import { type Replay, replay } from '#proof/replay.ts';
import { evaluatorOf } from '../artifacts.ts';
import { Failure } from '../failure.ts';
import { parseOptions } from '../kind-options.ts';
import { offenceLines, replayLine } from '../proof-text.ts';
import { readRecordings } from '../recording-files.ts';
import { writeAtomically } from '../output-files.ts';
import { count, duration, tell } from '../story.ts';

export async function gen(
  kind: PolicyKind,
  workload: string | undefined,
  given: Record<string, unknown>,
): Promise<void> {
  const options = parseOptions(kind.options, given);
  const recordings = await readRecordings((given['from'] as string[] | undefined) ?? []);
  const baselines = fold(recordings).filter((each) => workload === undefined || each.workload === workload);
  if (baselines.length === 0)
    throw new Failure(
      workload === undefined
        ? 'the recording holds no container'
        : `no workload ${JSON.stringify(workload)} in the recording`,
    );
  const outputDir = given['outputDir'] as string | undefined;
  for (const baseline of baselines) {
    for (const { artifact, proof } of generateProved(kind, baseline, options, recordings)) {
      if (outputDir === undefined) process.stdout.write(artifact.text);
      else await writeAtomically(join(outputDir, artifact.path), artifact.text);
      tell(
        `${outputDir === undefined ? artifact.path : `wrote ${join(outputDir, artifact.path)}`}; ${replayLine(proof)}`,
      );
    }
  }
}

/** Artifacts with their proof. One that refuses what was observed is not handed out: the command fails with 1. */
export function generateProved(
  kind: PolicyKind,
  baseline: Baseline,
  options: Record<string, unknown>,
  recordings: readonly Recording[],
): { artifact: Artifact; proof: Replay }[] {
  const name = printable(baseline.workload);
  const generated = kind.generate(baseline, options);
  if (generated.type === 'abstained') throw new Failure(`${name}: no ${kind.name} policy, ${generated.reason}`, 1);
  tell(`${name}: ${windowOf(baseline)}`);
  for (const note of generated.notes) tell(`  note: ${printable(note)}`);
  const own = recordings.map((recording) => onlyOf(baseline, recording));
  return generated.artifacts.map((artifact) => {
    const proof = replay(evaluatorOf(artifact.path, artifact.text, kind, options), own);
    if (proof.denied > 0) {
      throw new Failure(
        `${artifact.path} is not written, it refuses what was observed: ${replayLine(proof)}\n${offenceLines(proof).join('\n')}`,
        1,
      );
    }
    return { artifact, proof };
  });
}

/** `12 s, 1 run, nothing lost`. */
function windowOf({ instances, coverage }: Baseline): string {
  const from = Math.min(...coverage.map((each) => each.from), ...instances.map((each) => each.started));
  const to = Math.max(from, ...coverage.map((each) => each.to));
  const lost = coverage.reduce((sum, each) => sum + each.lost, 0);
  return `observed for ${duration(to - from)} in ${count(instances.length, 'run')}, ${lost === 0 ? 'nothing lost' : `${lost} facts lost`}`;
}

function onlyOf(baseline: Baseline, recording: Recording): Recording {
  const ids = new Set(baseline.instances.map(({ id }) => id));
  const own = <T extends { container: string }>(all: readonly T[]): T[] =>
    all.filter(({ container }) => ids.has(container));
  return {
    ...recording,
    containers: recording.containers.filter(({ id }) => ids.has(id)),
    observations: own(recording.observations),
    coverage: own(recording.coverage),
  };
}
