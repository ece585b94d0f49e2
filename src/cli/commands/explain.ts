import { beyond, explain } from '#proof/explain.ts';
import { readArtifact } from '../artifacts.ts';
import { type EvidenceFlags, findEvidence, onlySelected } from '../evidence.ts';
import { columns, count, tell } from '../story.ts';

interface Options extends EvidenceFlags {
  readonly workload?: string;
  readonly kind?: string;
  readonly output: 'table' | 'json';
}

export async function explainArtifact(file: string, options: Options): Promise<void> {
  const artifact = await readArtifact(file, options.kind);
  const objects = artifact.kind.cluster === 'required';
  const found = await findEvidence(options.workload, options, { objects, since: false });
  const explanations = explain(artifact.evaluator(found.cluster), onlySelected(found));
  if (options.output === 'json') {
    for (const each of explanations) process.stdout.write(`${JSON.stringify(each)}\n`);
    return;
  }
  const rows = explanations.map(({ permission, evidence, ground }) =>
    evidence === null
      ? [permission, '-', '-', '-', '-', '-', ground ?? 'no evidence and no known reason']
      : [
          permission,
          `at least ${evidence.count}`,
          `${evidence.instances}/${evidence.of}`,
          time(evidence.first),
          time(evidence.last),
          evidence.phases.join(','),
          evidence.programs.join(' '),
        ],
  );
  process.stdout.write(`${columns(['PERMISSION', 'TIMES', 'RUNS', 'FIRST', 'LAST', 'PHASE', 'BY'], rows)}\n`);
  const { grounded, ungrounded } = beyond(explanations);
  const seen = explanations.length - grounded.length - ungrounded.length;
  tell(
    `${count(explanations.length, 'permission')}: ${seen} with evidence, ${grounded.length} without but with a reason, ${ungrounded.length} with neither`,
  );
}

const time = (milliseconds: number): string => new Date(milliseconds).toISOString().replace(/\.\d+/, '');
