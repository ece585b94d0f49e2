/** `kguardian gen <kind>`: every artifact is replayed against the recording before anybody sees it. */
import { duration } from '#observation/duration.ts';
import { firstOf } from '#baseline/evidence.ts';
import { join } from 'node:path';
import type { Baseline } from '#baseline/baseline.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import { printable } from '#observation/text.ts';
import type { Recording } from '#observation/recording.ts';
import type { PolicyKind } from '#policies/kind.ts';
import { containerName } from '#policies/names.ts';
import { evidences, generateProved, type ProvedArtifact } from '#proof/generate.ts';
import { type EvidenceFlags, findEvidence, selectedBaselines, wantedBy } from '../evidence.ts';
import { Failure } from '../failure.ts';
import { parseOptions } from '../kind-options.ts';
import { offenceLines, replayLine } from '../proof-text.ts';
import { writeAtomically } from '../output-files.ts';
import { count, lossText, tell } from '../story.ts';

export async function gen(
  kind: PolicyKind,
  workload: string | undefined,
  given: Record<string, unknown> & EvidenceFlags,
): Promise<void> {
  const options = parseOptions(kind.options, given);
  const found = await findEvidence(workload, given, wantedBy(kind));
  const baselines = selectedBaselines(found, workload);
  const { recordings, cluster } = found;
  const outputDir = given['outputDir'] as string | undefined;
  const all = generateAll(kind, baselines, options, recordings, cluster);
  const made = outputDir === undefined ? all.filter(({ artifact }) => artifact.beside !== true) : all;
  for (const [at, { artifact, proof }] of made.entries()) {
    if (outputDir === undefined) process.stdout.write(artifact.text);
    else await writeAtomically(join(outputDir, artifact.path), artifact.text);
    const wrote = outputDir === undefined ? null : `wrote ${join(outputDir, artifact.path)}`;
    // What was replayed together is told once, with the last; what only names another was not replayed.
    const next = made.slice(at + 1).find((each) => each.artifact.judged !== false);
    if (artifact.judged !== false && next?.proof !== proof)
      tell(`${wrote ?? printed(made.filter((each) => each.proof === proof))}; ${replayLine(proof)}`);
    else if (wrote !== null) tell(wrote);
  }
}

/** There are no files to name. */
function printed(together: readonly ProvedArtifact[]): string {
  const [first, ...more] = together;
  return more.length === 0 ? `printed ${first?.artifact.path}` : `printed ${count(together.length, 'artifact')}`;
}

/** Artifacts with their proof. One that refuses what was observed is not handed out: the command fails with 1. */
export function generateAll(
  kind: PolicyKind,
  baselines: readonly Baseline[],
  options: Record<string, unknown>,
  recordings: readonly Recording[],
  cluster: Cluster | null,
): ProvedArtifact[] {
  const all = new Map<string, ProvedArtifact>();
  const abstained: string[] = [];
  for (const evidence of evidences(kind, baselines, cluster)) {
    const name = printable(firstOf([...new Set(evidence.baselines.map(containerName))], 5));
    const generated = generateProved(kind, evidence, options, recordings);
    if (generated.type === 'abstained') {
      abstained.push(`${name}: no ${kind.name} policy, ${generated.reason}`);
      continue;
    }
    if (generated.type === 'refused') {
      const [first] = generated.artifacts;
      throw new Failure(
        `${first?.artifact.path} is not written, it refuses what was observed: ${first === undefined ? '' : [replayLine(first.proof), ...offenceLines(first.proof)].join('\n')}`,
        1,
      );
    }
    tell(`${name}: ${windowOf(evidence.baselines)}`);
    for (const note of generated.notes) tell(`  note: ${printable(note)}`);
    for (const each of generated.artifacts) {
      const { path } = each.artifact;
      if (all.has(path)) throw new Failure(`two workloads would both be written to ${path}; name one of them`);
      all.set(path, each);
    }
  }
  // One that has to wait keeps nobody else waiting; the exit code tells.
  if (all.size === 0) throw new Failure(abstained.join('\n'), 1);
  for (const each of abstained) tell(each);
  if (abstained.length > 0) process.exitCode = 1;
  return [...all.values()];
}

/** `observed for 12 s in 1 run, nothing lost`. */
function windowOf(baselines: readonly Baseline[]): string {
  const coverage = baselines.flatMap((each) => each.coverage);
  const instances = baselines.flatMap((each) => each.instances);
  const from = Math.min(...coverage.map((each) => each.from), ...instances.map((each) => each.started));
  const to = Math.max(from, ...coverage.map((each) => each.to));
  const lost = coverage.reduce((sum, each) => sum + each.lost, 0);
  return `observed for ${duration(to - from)} in ${count(instances.length, 'run')}, ${lossText(lost)}`;
}
