/** Pods of a cluster and what a log of flows tells of them, as a recording. */
import type { ClusterPod } from '#kubernetes/cluster.ts';
import type { Observation } from '#observation/observation.ts';
import { type Container, type Recording, recordingVersion } from '#observation/recording.ts';

/** Who wrote the recording, and what stood in for a hook. */
export interface Origin {
  readonly by: string;
  readonly hook: string;
}

export interface Watched {
  /** Milliseconds since the epoch; not finite where there was no line. */
  readonly from: number;
  readonly to: number;
  readonly lost: number;
  readonly gaps: readonly string[];
}

export function containerOf(pod: ClusterPod, started: number): Container {
  const { namespace, name, workload, labels, node, serviceAccount, hostNetwork } = pod;
  const id = `${namespace}/${name}`;
  return {
    type: 'container',
    id,
    workload: workload.name,
    // A log of flows knows pods, not their containers.
    name: 'pod',
    started,
    fromStart: false,
    pod: {
      cluster: 'cluster',
      namespace,
      kind: workload.kind,
      name,
      uid: id,
      node: node ?? 'unknown',
      labels: { ...labels },
      serviceAccount,
      hostNetwork,
    },
  };
}

export function recordingOf(
  containers: readonly Container[],
  observations: readonly Observation[],
  { from, to, lost, gaps }: Watched,
  { by, hook }: Origin = { by: 'flow log', hook: 'flow log' },
): Recording {
  const started = Number.isFinite(from) ? from : 0;
  return {
    header: {
      type: 'recording',
      version: recordingVersion,
      by,
      started,
      node: { arch: 'x86_64', kernel: 'unknown', cgroups: 'v2' },
    },
    containers,
    observations,
    coverage: containers.map(({ id }) => ({
      type: 'coverage',
      container: id,
      sensor: 'network',
      state: 'ran',
      hook,
      from: started,
      to,
      // Of whom is not told: it may have been anybody's.
      lost,
      gaps: [...gaps],
    })),
    // The header, and of each container its own line and that of its coverage.
    end: { type: 'end', ended: to, lines: 1 + 2 * containers.length + observations.length },
  };
}
