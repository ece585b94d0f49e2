/** What the API server knows, from a file. */
import type { Cluster } from '#kubernetes/cluster.ts';
import { readClusterText, UnreadableCluster } from '#kubernetes/cluster-text.ts';
import { Failure } from './failure.ts';
import { fileText } from './file-texts.ts';

/** Null when no file is named. */
export async function readCluster(file: string | undefined): Promise<Cluster | null> {
  if (file === undefined) return null;
  const text = await fileText(file);
  try {
    return readClusterText(text);
  } catch (error) {
    if (!(error instanceof UnreadableCluster)) throw error;
    throw new Failure(`cannot read ${JSON.stringify(file)}: ${error.message}`, 2, error);
  }
}
