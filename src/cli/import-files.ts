/** Other tools' records, from files. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { readingFlows, UnreadableFlows } from '#imports/flows.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import type { Recording } from '#observation/recording.ts';
import { Failure, systemReason } from './failure.ts';
import { tell } from './story.ts';
import { standardInput } from './standard-input.ts';

export async function readFlowFile(file: string, cluster: Cluster | null): Promise<Recording> {
  if (cluster === null) throw new Failure('--flows needs --cluster: a log of flows names addresses, not pods');
  return reading(file, async () => {
    const reader = readingFlows(cluster, file === '-' ? Date.now() : (await stat(file)).mtimeMs);
    await readLines(file, (line) => reader.add(line));
    const { recording, notes } = reader.end();
    for (const note of notes) tell(note);
    return recording;
  });
}

/** `-` is standard input. */
export function readLines(file: string, take: (line: string) => void): Promise<void> {
  return reading(file, async () => {
    const input = file === '-' ? standardInput() : createReadStream(file);
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) take(line);
  });
}

async function reading<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Failure) throw error;
    const reason = error instanceof UnreadableFlows ? error.message : systemReason(error);
    throw new Failure(`cannot read ${JSON.stringify(file)}: ${reason}`, 2, error);
  }
}
