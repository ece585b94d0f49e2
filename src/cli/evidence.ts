/** Where evidence comes from: recordings in files, or the cluster's broker. What follows is the same for both. */
import type { Baseline } from '#baseline/baseline.ts';
import { fold } from '#baseline/fold.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import type { Recording } from '#observation/recording.ts';
import { onlyOf } from '#proof/generate.ts';
import type { ClusterFlags, SelectionFlags } from './cluster/flags.ts';
import { type Named, namedBy } from './cluster/names.ts';
import { readCluster } from './cluster-file.ts';
import { Failure } from './failure.ts';
import { readFlowFile } from './import-files.ts';
import { readRecordings } from './recording-files.ts';

export type EvidenceFlags = ClusterFlags &
  SelectionFlags & {
    readonly from?: readonly string[];
    readonly flows?: string;
    /** A file with the cluster's objects. */
    readonly cluster?: string;
  };

export interface Found {
  readonly recordings: readonly Recording[];
  /** What the API server knows; null where nobody asked it. */
  readonly cluster: Cluster | null;
  /** Whether a baseline of the recordings is among what was asked for. */
  readonly selects: (baseline: Baseline) => boolean;
}

/** Throws a Failure when nothing was observed of what was asked for. `objects`: whether the cluster's are wanted. */
export async function findEvidence(
  workload: string | undefined,
  flags: EvidenceFlags,
  objects: boolean,
): Promise<Found> {
  const cluster = await readCluster(flags.cluster);
  const files = flags.from ?? [];
  if (files.length === 0 && flags.flows === undefined) return fromBroker(workload, flags, cluster, objects);
  const recordings = files.length === 0 ? [] : await readRecordings(files);
  if (flags.flows !== undefined) recordings.push(await readFlowFile(flags.flows, cluster));
  const asked = workload === undefined ? null : namedBy(workload);
  return { recordings, cluster, selects: (baseline) => isNamed(baseline, asked) && isIn(baseline, flags) };
}

/** The recordings without what nobody asked for. */
export function onlySelected({ recordings, selects }: Found): readonly Recording[] {
  return recordings.map((recording) => onlyOf({ baselines: fold([recording]).filter(selects) }, recording));
}

function isNamed({ place, workload }: Baseline, asked: Named | null): boolean {
  return asked === null || (workload === asked.name && (asked.kind === null || asked.kind === place?.kind));
}

function isIn({ place }: Baseline, { namespace }: EvidenceFlags): boolean {
  return namespace === undefined || place?.namespace === namespace;
}

/** The cluster's client is large: it is loaded only here. */
async function fromBroker(
  workload: string | undefined,
  flags: EvidenceFlags,
  given: Cluster | null,
  objects: boolean,
): Promise<Found> {
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
    return { recordings, cluster: given ?? (objects ? await cluster.objects() : null), selects: () => true };
  } finally {
    cluster.close();
  }
}
