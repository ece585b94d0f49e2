/** `kguardian refine <kind>`: what a log of denials says that an artifact lacks, shown before it is taken. */
import { readFile } from 'node:fs/promises';
import { createTwoFilesPatch } from 'diff';
import type { Denial } from '#observation/denial.ts';
import { printable } from '#observation/text.ts';
import { type PolicyKind, type Refined, UnreadableArtifact } from '#policies/kind.ts';
import { evaluatorOf } from '../artifacts.ts';
import { denialsIn } from '../denial-logs.ts';
import { Failure, systemReason } from '../failure.ts';
import { writeAtomically } from '../output-files.ts';
import { count, tell } from '../story.ts';

interface Flags {
  readonly profile: string;
  readonly log: readonly string[];
  readonly match?: readonly string[];
  readonly output: 'diff' | 'text' | 'json';
  readonly inPlace?: boolean;
}

export async function refine(kind: PolicyKind, { profile, log, match = [], output, inPlace }: Flags): Promise<void> {
  const text = await contentOf(profile);
  const { chosen, passedOver, notes } = await denialsIn(log, match);
  for (const note of notes) tell(note);
  if (passedOver > 0) tell(`${count(passedOver, 'denial')} passed over by --match`);
  const refined = refinedBy(kind, profile, text, chosen);
  // What nobody could read afterwards is not handed out.
  evaluatorOf(profile, refined.text, kind, {});
  if (output === 'json')
    process.stdout.write(`${JSON.stringify({ additions: refined.additions, left: refined.left })}\n`);
  else if (output === 'text') process.stdout.write(refined.text);
  else if (refined.additions.length > 0)
    process.stdout.write(createTwoFilesPatch(profile, profile, text, refined.text, 'as it is', 'as it would be'));
  for (const { permission, count: seen } of refined.additions)
    tell(`  added: ${printable(permission)}, denied ${seen} ${seen === 1 ? 'time' : 'times'}`);
  for (const { reason, count: seen } of refined.left) tell(`  left: ${printable(reason)} (${seen})`);
  if (inPlace === true && refined.additions.length > 0) await writeAtomically(profile, refined.text);
  const done =
    refined.additions.length === 0
      ? 'nothing to add'
      : `${count(refined.additions.length, 'addition')}${inPlace === true ? `, wrote ${profile}` : ''}`;
  tell(`${printable(profile)}: ${done} from ${count(chosen.length, 'different denial')}`);
}

function refinedBy(kind: PolicyKind, file: string, text: string, denials: readonly Denial[]): Refined {
  try {
    return kind.refine?.(text, denials) ?? { text, additions: [], left: [] };
  } catch (error) {
    if (error instanceof UnreadableArtifact)
      throw new Failure(`cannot use ${JSON.stringify(file)} as ${kind.name}: ${error.message}`, 2, error);
    throw error;
  }
}

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Failure(`cannot read ${JSON.stringify(file)}: ${systemReason(error)}`, 2, error);
  }
}
