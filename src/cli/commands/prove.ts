import { printable } from '#observation/text.ts';
import { enumerate, type Enumerated } from '#proof/enumerate.ts';
import { proved, replay } from '#proof/replay.ts';
import { readArtifacts } from '../artifacts.ts';
import { describe, offenceLines, replayLine } from '../proof-text.ts';
import { columns } from '../story.ts';
import { type EvidenceFlags, findEvidence, onlySelected } from '../evidence.ts';

interface Options extends EvidenceFlags {
  readonly workload?: string;
  readonly kind?: string;
  readonly output: 'table' | 'json';
  readonly enumerate?: boolean;
}

/** Exit code 1 when one artifact refuses, or leaves open, something that was observed. */
export async function prove(files: readonly string[], options: Options): Promise<void> {
  const artifacts = await readArtifacts(files, options.kind);
  const objects = artifacts.some(({ kind }) => kind.cluster === 'required');
  const found = await findEvidence(options.workload, options, { objects, since: false });
  const recordings = onlySelected(found);
  for (const artifact of artifacts) {
    const file = artifact.name;
    const evaluator = artifact.evaluator(found.cluster);
    const proof = replay(evaluator, recordings);
    if (!proved(proof)) process.exitCode = 1;
    if (options.output === 'json') {
      const { offences, ...counts } = proof;
      const listed = offences.map(({ observation, verdict }) => ({ observation: describe(observation), ...verdict }));
      process.stdout.write(
        `${JSON.stringify({ artifact: file, proved: proved(proof), ...counts, offences: listed })}\n`,
      );
      if (options.enumerate === true)
        for (const each of enumerate(evaluator, recordings)) process.stdout.write(`${JSON.stringify(each)}\n`);
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
    if (options.enumerate === true) process.stdout.write(`${tableOf(enumerate(evaluator, recordings))}\n`);
  }
}

function tableOf(all: readonly Enumerated[]): string {
  const rows = all.map(({ label, verdict, evidence, rule }) => [
    label,
    verdict,
    evidence === '' ? '-' : evidence,
    rule,
  ]);
  return columns(['BESIDE WHAT WAS OBSERVED', 'VERDICT', 'EVIDENCE', 'RULE'], rows);
}
