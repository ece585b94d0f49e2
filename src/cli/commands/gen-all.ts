/** `kguardian gen all`: every kind that applies, in one tree with a README and kustomizations. */
import { join } from 'node:path';
import type { Baseline } from '#baseline/baseline.ts';
import { printable } from '#observation/text.ts';
import { postures } from '#posture/index.ts';
import { everything, type Stage, type Unit } from '#proof/everything.ts';
import { policyParts, type TreeEntry, type TreePart, treeOf } from '#proof/tree.ts';
import { type EvidenceFlags, findEvidence, type Found, selectedBaselines } from '../evidence.ts';
import { Failure } from '../failure.ts';
import { writeAtomically } from '../output-files.ts';
import { offenceLines } from '../proof-text.ts';
import { columns, count, tell } from '../story.ts';

interface Flags extends EvidenceFlags {
  readonly outputDir: string;
  readonly stage: Stage;
  readonly allowLoss?: boolean;
}

export async function genAll(workload: string | undefined, flags: Flags): Promise<void> {
  const all = await everythingAbout(workload, flags, flags.stage, true);
  const refused = all.units.flatMap(({ proved }) => (proved.type === 'refused' ? proved.artifacts : []));
  const [first] = refused;
  if (first !== undefined)
    throw new Failure(
      [`${first.artifact.path} would refuse what was observed: nothing is written`, ...offenceLines(first.proof)].join(
        '\n',
      ),
      1,
    );
  const parts = [...policyParts(all.units), ...postureParts(all, workload, flags)];
  const without = parts.flatMap((part) => part.without);
  if (parts.every(({ files }) => files.length === 0)) throw new Failure(without.map(printable).join('\n'), 1);
  const files = treeOf(parts, flags.stage);
  const [twice] = [...Map.groupBy(files, ({ path }) => path).values()].find((same) => same.length > 1) ?? [];
  if (twice !== undefined) throw new Failure(`two workloads would both be written to ${twice.path}; name one of them`);
  for (const { path, text } of files) await writeAtomically(join(flags.outputDir, path), text);
  const rows = parts.flatMap(({ name, files: own }) => rowsOf(name, own));
  process.stdout.write(`${columns(['KIND', 'FILES', 'OF', 'JUDGED'], rows)}\n`);
  for (const each of without) tell(printable(each));
  tell(`wrote ${count(files.length, 'file')} below ${flags.outputDir}; README.md says what each does and how to go on`);
}

export interface Everything extends Pick<Found, 'recordings' | 'cluster' | 'posture'> {
  readonly units: readonly Unit[];
  readonly baselines: readonly Baseline[];
}

/** Every kind for the named workload, or for all of the recordings. */
export async function everythingAbout(
  workload: string | undefined,
  flags: EvidenceFlags & { readonly allowLoss?: boolean },
  stage: Stage,
  posture: boolean,
): Promise<Everything> {
  const found = await findEvidence(workload, flags, { objects: true, since: true, posture });
  const baselines = selectedBaselines(found, workload);
  const { recordings, cluster } = found;
  const given = flags.allowLoss === true ? { allowLoss: true } : {};
  return { ...found, baselines, units: everything(baselines, recordings, cluster, stage, given) };
}

/** What is written beside the kinds of policies. */
function postureParts(
  { baselines, cluster, posture }: Everything,
  workload: string | undefined,
  { stage, selector, container }: Flags,
): TreePart[] {
  if (posture === null) return [];
  const whole = [workload, selector, container].every((each) => each === undefined);
  const evidence = { ...posture, baselines, apis: cluster?.apis ?? null, whole, stage };
  return postures.flatMap(({ name, tree }): TreePart[] => {
    if (tree === undefined) return [];
    const { faults, ...written } = tree.write(evidence);
    if (faults.length > 0)
      throw new Failure(
        [`the judge of ${name} does not agree: nothing is written`, ...faults.slice(0, 10).map(printable)].join('\n'),
        1,
      );
    return [{ name, rollout: tree.rollout, ...written }];
  });
}

/** A line for each workload, or whatever else they are about. */
function rowsOf(name: string, files: readonly TreeEntry[]): string[][] {
  return [...Map.groupBy(files, ({ of }) => of)].map(([of, own]) => [
    name,
    String(own.length),
    of,
    own.find(({ judged }) => judged !== null)?.judged ?? '-',
  ]);
}
