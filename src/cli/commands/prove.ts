import { printable } from '#observation/text.ts';
import { proved, replay } from '#proof/replay.ts';
import { readArtifact } from '../artifacts.ts';
import { describe, offenceLines, replayLine } from '../proof-text.ts';
import { type EvidenceFlags, findEvidence, onlySelected } from '../evidence.ts';

interface Options extends EvidenceFlags {
  readonly workload?: string;
  readonly kind?: string;
  readonly output: 'table' | 'json';
}

/** Exit code 1 when one artifact refuses, or leaves open, something that was observed. */
export async function prove(files: readonly string[], options: Options): Promise<void> {
  const artifacts = await Promise.all(files.map((file) => readArtifact(file, options.kind)));
  const objects = artifacts.some(({ kind }) => kind.cluster === 'required');
  const found = await findEvidence(options.workload, options, objects);
  const recordings = onlySelected(found);
  for (const [at, artifact] of artifacts.entries()) {
    const file = files[at] ?? '';
    const proof = replay(artifact.evaluator(found.cluster), recordings);
    if (!proved(proof)) process.exitCode = 1;
    if (options.output === 'json') {
      const { offences, ...counts } = proof;
      const listed = offences.map(({ observation, verdict }) => ({ observation: describe(observation), ...verdict }));
      process.stdout.write(
        `${JSON.stringify({ artifact: file, proved: proved(proof), ...counts, offences: listed })}\n`,
      );
      continue;
    }
    const nothing =
      proof.allowed + proof.denied + proof.unknown === 0
        ? ['  nothing in the recording is governed by it: nothing is proved']
        : [];
    const doubts = proof.doubts.map((doubt) => `  not seen: ${printable(doubt)}`);
    process.stdout.write(
      `${[`${printable(file)}: ${replayLine(proof)}`, ...nothing, ...offenceLines(proof), ...doubts].join('\n')}\n`,
    );
  }
}
