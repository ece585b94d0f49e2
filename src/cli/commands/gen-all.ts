/** `kguardian gen all`: every kind that applies, in one tree with a README and kustomizations. */
import { join } from 'node:path';
import type { Baseline } from '#baseline/baseline.ts';
import { printable } from '#observation/text.ts';
import { absences, everything, type Stage, type Unit } from '#proof/everything.ts';
import { treeOf } from '#proof/tree.ts';
import { type EvidenceFlags, findEvidence, type Found, selectedBaselines } from '../evidence.ts';
import { Failure } from '../failure.ts';
import { resourcesOf } from './gen-all-resources.ts';
import { writeAtomically } from '../output-files.ts';
import { offenceLines } from '../proof-text.ts';
import { columns, count, tell } from '../story.ts';

interface Flags extends EvidenceFlags {
  readonly outputDir: string;
  readonly stage: Stage;
  readonly allowLoss?: boolean;
}

export async function genAll(workload: string | undefined, flags: Flags): Promise<void> {
  const { units, baselines } = await everythingAbout(workload, flags, flags.stage);
  const refused = units.flatMap(({ proved }) => (proved.type === 'refused' ? proved.artifacts : []));
  const [first] = refused;
  if (first !== undefined)
    throw new Failure(
      [`${first.artifact.path} would refuse what was observed: nothing is written`, ...offenceLines(first.proof)].join(
        '\n',
      ),
      1,
    );
  const without = absences(units).map(absenceLine);
  if (units.every(({ proved }) => proved.type === 'abstained')) throw new Failure(without.map(printable).join('\n'), 1);
  const resources = resourcesOf(baselines);
  const files = treeOf(units, flags.stage, resources.patches);
  const [twice] = [...Map.groupBy(files, ({ path }) => path).values()].find((same) => same.length > 1) ?? [];
  if (twice !== undefined) throw new Failure(`two workloads would both be written to ${twice.path}; name one of them`);
  for (const { path, text } of files) await writeAtomically(join(flags.outputDir, path), text);
  process.stdout.write(`${columns(['KIND', 'FILES', 'OF', 'REPLAY'], units.flatMap(rowOf))}\n`);
  for (const each of [...without, ...resources.without]) tell(printable(each));
  tell(`wrote ${count(files.length, 'file')} below ${flags.outputDir}; README.md says what each does and how to go on`);
}

export interface Everything extends Pick<Found, 'recordings' | 'cluster'> {
  readonly units: readonly Unit[];
  readonly baselines: readonly Baseline[];
}

/** Every kind for the named workload, or for all of the recordings. */
export async function everythingAbout(
  workload: string | undefined,
  flags: EvidenceFlags & { readonly allowLoss?: boolean },
  stage: Stage,
): Promise<Everything> {
  const found = await findEvidence(workload, flags, { objects: true, since: true });
  const baselines = selectedBaselines(found, workload);
  const { recordings, cluster } = found;
  const given = flags.allowLoss === true ? { allowLoss: true } : {};
  return { units: everything(baselines, recordings, cluster, stage, given), baselines, recordings, cluster };
}

function absenceLine({ kind, reason, names }: ReturnType<typeof absences>[number]): string {
  const whose = names.length > 3 ? `${names.slice(0, 2).join(', ')} and ${names.length - 2} more` : names.join(', ');
  return `${whose}: no ${kind}, ${reason}`;
}

function rowOf({ kind, name, proved }: Unit): string[][] {
  if (proved.type !== 'proved') return [];
  const [first] = proved.artifacts;
  const { allowed = 0, denied = 0, unknown = 0 } = first?.proof ?? {};
  return [[kind.name, String(proved.artifacts.length), name, `${allowed} of ${allowed + denied + unknown} allowed`]];
}
