/** Where evidence comes from: recordings in files, or the cluster's broker. What follows is the same for both. */
import type { Baseline } from '#baseline/baseline.ts';
import { firstOf } from '#baseline/evidence.ts';
import { fold } from '#baseline/fold.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import type { Recording } from '#observation/recording.ts';
import { printable } from '#observation/text.ts';
import type { PolicyKind } from '#policies/kind.ts';
import { onlyOf } from '#proof/generate.ts';
import type { SelectionFlags } from './cluster/flags.ts';
import { type Named, namedBy } from './cluster/names.ts';
import { readCluster } from './cluster-file.ts';
import { Failure } from './failure.ts';
import { readFlowFile } from './import-files.ts';
import type { PostureFlags, PostureFound } from './posture-evidence.ts';
import { readRecordings } from './recording-files.ts';

export type EvidenceFlags = PostureFlags &
  SelectionFlags & {
    readonly from?: readonly string[];
    readonly flows?: string;
  };

export interface Found {
  readonly recordings: readonly Recording[];
  /** What the API server knows; null where nobody asked it. */
  readonly cluster: Cluster | null;
  /** Whether a baseline of the recordings is among what was asked for. */
  readonly selects: (baseline: Baseline) => boolean;
  /** Null where nobody asked for it. */
  readonly posture: PostureFound | null;
}

export interface Wanted {
  /** The cluster's objects, too. */
  readonly objects: boolean;
  /** Whether `--since` means something where there is no broker: a kind may know times itself. */
  readonly since: boolean;
  /** What postures are judged by, too. */
  readonly posture?: boolean;
}

export const wantedBy = (kind: PolicyKind): Wanted => ({
  objects: kind.cluster === 'required',
  since: 'since' in kind.options.shape,
});

/** Throws a Failure when nothing was observed of what was asked for. */
export async function findEvidence(workload: string | undefined, flags: EvidenceFlags, wants: Wanted): Promise<Found> {
  const cluster = await readCluster(flags.cluster);
  const files = flags.from ?? [];
  if (files.length === 0 && flags.flows === undefined) return fromBroker(workload, flags, cluster, wants);
  if (flags.since !== undefined && !wants.since)
    throw new Failure('--since is for what a broker keeps; a recording in a file is taken as it is');
  if (flags.selector !== undefined)
    throw new Failure('-l asks a cluster whose pods have these labels; name the workload');
  const recordings = (files.length === 0 ? [] : await readRecordings(files)).map((each) => ofRelease(each, flags));
  if (flags.flows !== undefined) recordings.push(await readFlowFile(flags.flows, cluster));
  const asked = workload === undefined ? null : namedBy(workload);
  return {
    recordings,
    cluster,
    selects: (baseline) => isNamed(baseline, asked) && isIn(baseline, flags),
    posture: wants.posture === true ? await (await import('./posture-evidence.ts')).postureOfFiles(flags) : null,
  };
}

/** What adds up to what was asked for. Throws a Failure where that is nothing. */
export function selectedBaselines({ recordings, selects }: Found, workload: string | undefined): Baseline[] {
  const all = fold(recordings);
  const baselines = all.filter(selects);
  if (baselines.length > 0) return baselines;
  if (all.length === 0) throw new Failure('nothing that was recorded is about a container');
  const there = firstOf([...new Set(all.map((each) => each.workload))].toSorted(), 5);
  throw new Failure(
    workload === undefined
      ? `nothing in the recording fits the flags; it is of ${printable(there)}`
      : `no workload ${JSON.stringify(workload)} in the recording; it is of ${printable(there)}`,
  );
}

/** The recordings without what nobody asked for. */
export function onlySelected({ recordings, selects }: Found): readonly Recording[] {
  return recordings.map((recording) => onlyOf({ baselines: fold([recording]).filter(selects) }, recording));
}

/** Without the runs of other images. */
function ofRelease(recording: Recording, { release }: EvidenceFlags): Recording {
  if (release === undefined) return recording;
  const baselines = fold([recording]).map((each) => ({
    ...each,
    instances: each.instances.filter(({ imageDigest }) => imageDigest === release),
  }));
  return onlyOf({ baselines }, recording);
}

function isNamed({ place, workload }: Baseline, asked: Named | null): boolean {
  return asked === null || (workload === asked.name && (asked.kind === null || asked.kind === place?.kind));
}

function isIn({ place, container }: Baseline, flags: EvidenceFlags): boolean {
  return (
    (flags.namespace === undefined || place?.namespace === flags.namespace) &&
    (flags.container === undefined || container === flags.container)
  );
}

/** The cluster's client is large: it is loaded only here. */
async function fromBroker(
  workload: string | undefined,
  flags: EvidenceFlags,
  given: Cluster | null,
  { objects, posture }: Wanted,
): Promise<Found> {
  const { openCluster } = await import('./cluster/open.ts');
  const cluster = openCluster(flags, 'a recording with --from FILE');
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
    return {
      recordings,
      cluster: given ?? (objects ? await cluster.objects() : null),
      selects: () => true,
      posture: posture === true ? await (await import('./posture-evidence.ts')).postureOfCluster(cluster, flags) : null,
    };
  } finally {
    cluster.close();
  }
}
