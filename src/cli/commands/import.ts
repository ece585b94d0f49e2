/** `kguardian import`: records of others as a recording. */
import { recordingOfDenials } from '#imports/audit-recording.ts';
import { writeRecording } from '#observation/writing.ts';
import { denialsIn } from '../denial-logs.ts';
import { Failure } from '../failure.ts';
import { writeAtomically } from '../output-files.ts';
import { count, tell } from '../story.ts';

interface Flags {
  readonly name: string;
  readonly container?: string;
  readonly output?: string;
  readonly match?: readonly string[];
}

export async function importAuditLog(file: string, { name, container, output, match = [] }: Flags): Promise<void> {
  const { chosen, notes } = await denialsIn([file], match);
  if (chosen.length === 0)
    throw new Failure(`no denial in ${JSON.stringify(file)}${match.length > 0 ? ` with ${match.join(', ')}` : ''}`, 1);
  const { recording, left } = recordingOfDenials(chosen, name, container ?? name);
  const { header, containers, observations, coverage, end } = recording;
  const lines = writeRecording([header, ...containers, ...coverage, ...observations, ...(end === null ? [] : [end])]);
  const text = `${lines.join('\n')}\n`;
  if (output === undefined || output === '-') process.stdout.write(text);
  else await writeAtomically(output, text);
  for (const note of notes) tell(note);
  for (const { reason, count: times } of left) tell(`  left: ${reason} (${times})`);
  tell(
    `${count(observations.length, 'fact')} of ${count(chosen.length, 'different denial')}${output === undefined ? '' : `, wrote ${output}`}`,
  );
}
