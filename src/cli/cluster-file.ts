/** What the API server knows, from a file. */
import { readFile } from 'node:fs/promises';
import type { Cluster } from '#kubernetes/cluster.ts';
import { readClusterText, UnreadableCluster } from '#kubernetes/cluster-text.ts';
import { Failure, systemReason } from './failure.ts';

/** Null when no file is named. */
export async function readCluster(file: string | undefined): Promise<Cluster | null> {
  if (file === undefined) return null;
  try {
    return readClusterText(await readFile(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof UnreadableCluster ? error.message : systemReason(error);
    throw new Failure(`cannot read ${JSON.stringify(file)}: ${reason}`, 2, error);
  }
}
