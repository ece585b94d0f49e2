/** `kguardian import`: records of others as a recording. */
import { recordingOfDenials } from '#imports/audit-recording.ts';
import { type ImportedMetrics, recordingOfMetrics, UnreadableSamples } from '#imports/mesh-metrics.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import type { Recording } from '#observation/recording.ts';
import { readCluster } from '../cluster-file.ts';
import { denialsIn } from '../denial-logs.ts';
import { Failure } from '../failure.ts';
import { readLines } from '../import-files.ts';
import { writeRecordingFile } from '../recording-files.ts';
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
  const { observations } = recording;
  await put(recording, output);
  for (const note of notes) tell(note);
  for (const { reason, count: times } of left) tell(`  left: ${reason} (${times})`);
  tell(
    `${count(observations.length, 'fact')} of ${count(chosen.length, 'different denial')}${output === undefined ? '' : `, wrote ${output}`}`,
  );
}

export async function importMeshMetrics(file: string, given: { cluster: string; output?: string }): Promise<void> {
  const cluster = await readCluster(given.cluster);
  if (cluster === null) throw new Failure('counters name workloads and not pods: --cluster tells them');
  const lines: string[] = [];
  await readLines(file, (line) => void lines.push(line));
  const { recording, notes } = metricsOf(file, lines.join('\n'), cluster);
  for (const note of notes) tell(note);
  if (recording.observations.length === 0)
    throw new Failure(`no counter of a mesh in ${JSON.stringify(file)} tells who called whom`, 1);
  await put(recording, given.output);
  tell(
    `${count(recording.observations.length, 'kind')} of calls to ${count(recording.containers.length, 'pod')}${given.output === undefined ? '' : `, wrote ${given.output}`}`,
  );
}

function metricsOf(file: string, text: string, cluster: Cluster): ImportedMetrics {
  try {
    return recordingOfMetrics(text, cluster, Date.now());
  } catch (error) {
    if (!(error instanceof UnreadableSamples)) throw error;
    throw new Failure(`cannot read ${JSON.stringify(file)}: ${error.message}`, 2, error);
  }
}

async function put({ header, containers, observations, coverage, end }: Recording, output?: string): Promise<void> {
  const lines = [header, ...containers, ...coverage, ...observations, ...(end === null ? [] : [end])];
  await writeRecordingFile(output ?? '-', lines);
}
