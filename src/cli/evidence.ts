/** Where evidence comes from: recordings in files, or the cluster's broker. What follows is the same for both. */
import type { Baseline } from '#baseline/baseline.ts';
import { fold } from '#baseline/fold.ts';
import type { Recording } from '#observation/recording.ts';
import { onlyOf } from '#proof/generate.ts';
import type { ClusterFlags, SelectionFlags } from './cluster/flags.ts';
import { type Named, namedBy } from './cluster/names.ts';
import { Failure } from './failure.ts';
import { readRecordings } from './recording-files.ts';

export type EvidenceFlags = ClusterFlags & SelectionFlags & { readonly from?: readonly string[] };

export interface Found {
  readonly recordings: readonly Recording[];
  /** Whether a baseline of the recordings is among what was asked for. */
  readonly selects: (baseline: Baseline) => boolean;
}

/** Throws a Failure when nothing was observed of what was asked for. */
export async function findEvidence(workload: string | undefined, flags: EvidenceFlags): Promise<Found> {
  return flags.from === undefined ? fromBroker(workload, flags) : fromFiles(workload, flags, flags.from);
}

/** The recordings without what nobody asked for. */
export function onlySelected({ recordings, selects }: Found): readonly Recording[] {
  return recordings.map((recording) => onlyOf({ baselines: fold([recording]).filter(selects) }, recording));
}

async function fromFiles(workload: string | undefined, flags: EvidenceFlags, files: readonly string[]): Promise<Found> {
  const asked = workload === undefined ? null : namedBy(workload);
  const recordings = await readRecordings(files);
  return { recordings, selects: (baseline) => isNamed(baseline, asked) && isIn(baseline, flags) };
}

function isNamed({ place, workload }: Baseline, asked: Named | null): boolean {
  return asked === null || (workload === asked.name && (asked.kind === null || asked.kind === place?.kind));
}

function isIn({ place }: Baseline, { namespace }: EvidenceFlags): boolean {
  return namespace === undefined || place?.namespace === namespace;
}

/** The cluster's client is large: it is loaded only here. */
async function fromBroker(workload: string | undefined, flags: EvidenceFlags): Promise<Found> {
  const { openCluster } = await import('./cluster/open.ts');
  const cluster = openCluster(flags);
  try {
    const scopes = await cluster.scopes(workload);
    const broker = await cluster.broker();
    const recordings: Recording[] = [];
    for (const scope of scopes) recordings.push(...(await broker.recordings(scope)));
    if (recordings.length === 0) {
      const [first] = scopes;
      const what = first?.workload === undefined ? 'nothing' : `nothing of ${first.workload}`;
      const where = first?.namespace === undefined ? 'in any namespace' : `in the namespace ${first.namespace}`;
      throw new Failure(`${what} was observed ${where}${flags.since === undefined ? '' : ` since ${flags.since}`}`);
    }
    return { recordings, selects: () => true };
  } finally {
    cluster.close();
  }
}
