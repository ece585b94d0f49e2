/** Who a container is: from its cgroup, the pods that the API server told of, and what runs in it. */
import { basename } from 'node:path/posix';
import { type Owner, workloadOf } from '#kubernetes/owner.ts';
import type { Container } from '#observation/recording.ts';
import type { Pods } from './pods.ts';

/** A container that was met and is not named yet. */
export interface Met {
  readonly id: string;
  readonly podUid: string;
  /** Milliseconds since the epoch, as all times here. */
  readonly at: number;
  readonly fromStart: boolean;
  /** Whether we saw its pod begin with it. */
  readonly firstOfPod: boolean;
  /** The program that it began last; null when nobody saw one. */
  readonly program: string | null;
}

export interface Known {
  readonly cluster: string;
  readonly node: string;
  readonly pods: Pods;
  /** Whether the pods of this node were listed, and since then all is well. */
  readonly podsFollowed: boolean;
  /** See `workloadOf`. */
  readonly above: (uid: string) => Owner | null | undefined;
  /** Whether the user wants this namespace. */
  readonly selects: (namespace: string) => boolean;
  readonly holdMs: number;
}

export type Verdict =
  | { readonly type: 'named'; readonly container: Container }
  | { readonly type: 'excluded' }
  /** The process that holds a pod's namespaces. */
  | { readonly type: 'sandbox' }
  /** Nobody named it in time. */
  | { readonly type: 'unnamed' }
  | { readonly type: 'wait' };

/** What the runtimes' own images start there. */
const sandboxPrograms = ['pause', 'pod'];
const sandboxAfterMs = 3000;
/** The sandbox begins first, and every container of the pod is told within this time. */
const surelySandboxAfterMs = 30_000;
const ownerWaitMs = 10_000;

export function verdict(met: Met, known: Known, now: number): Verdict {
  const found = known.pods.find(met.id, met.podUid);
  const age = now - met.at;
  if (found === null) {
    const pod = known.pods.ofCgroup(met.podUid);
    if (pod !== null && !known.selects(pod.namespace)) return { type: 'excluded' };
    const looks = met.program !== null && sandboxPrograms.includes(basename(met.program));
    if (looks && (met.firstOfPod || !met.fromStart) && age > sandboxAfterMs) return { type: 'sandbox' };
    const allTold = pod !== null && pod.containers.length > 0 && pod.containers.every(({ id }) => id !== null);
    if (met.firstOfPod && allTold && age > surelySandboxAfterMs) return { type: 'sandbox' };
    return { type: known.podsFollowed && age > known.holdMs ? 'unnamed' : 'wait' };
  }
  const { pod, container } = found;
  if (!known.selects(pod.namespace)) return { type: 'excluded' };
  const passing = pod.owner !== null && ['ReplicaSet', 'Job'].includes(pod.owner.kind);
  if (passing && known.above(pod.owner.uid) === undefined && age < ownerWaitMs) return { type: 'wait' };
  const workload = workloadOf(pod, known.above);
  return {
    type: 'named',
    container: {
      type: 'container',
      id: met.id,
      workload: workload.name,
      name: container.name,
      started: met.at,
      ...(container.image === '' ? {} : { image: container.image }),
      ...(container.imageDigest === null ? {} : { imageDigest: container.imageDigest }),
      pod: {
        cluster: known.cluster,
        namespace: pod.namespace,
        kind: workload.kind,
        name: pod.name,
        uid: pod.uid,
        node: known.node,
        labels: pod.labels,
        serviceAccount: pod.serviceAccount,
        hostNetwork: pod.hostNetwork,
      },
      fromStart: met.fromStart,
    },
  };
}
