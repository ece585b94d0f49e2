/** A pod's object as the API server sends it → what recording needs of it. Fields that are missing stay unknown. */
import { json, labels, list, text, time } from './json.ts';
import { controllerOf, type Owned } from './owner.ts';

export interface PodContainer {
  /** The runtime's, 64 hexadecimal digits; null before it was told. */
  readonly id: string | null;
  /** Of the run before this one. */
  readonly previousId: string | null;
  readonly name: string;
  readonly image: string;
  /** `sha256:…`; null before it was told. */
  readonly imageDigest: string | null;
}

export interface PodState extends Owned {
  readonly uid: string;
  /** The uid in the cgroup's path: of a static pod another than the object's. */
  readonly cgroupUid: string;
  readonly serviceAccount: string | null;
  readonly hostNetwork: boolean;
  readonly ips: readonly string[];
  /** Since when kubelet runs it; an address of it means nobody before. */
  readonly started: number | null;
  /** Being deleted: it still runs for a while. */
  readonly terminating: boolean;
  /** All containers ended for good; its address is free. */
  readonly finished: boolean;
  /** Init and ephemeral containers among them. */
  readonly containers: readonly PodContainer[];
}

/** Null for what is no pod. */
export function podState(object: unknown): PodState | null {
  const { metadata, spec, status } = json(object);
  const meta = json(metadata);
  const wanted = json(spec);
  const now = json(status);
  const [namespace, name, uid] = [text(meta['namespace']), text(meta['name']), text(meta['uid'])];
  if (namespace === null || name === null || uid === null) return null;
  const phase = text(now['phase']);
  return {
    namespace,
    name,
    uid,
    cgroupUid: text(json(meta['annotations'])['kubernetes.io/config.hash']) ?? uid,
    owner: controllerOf(meta['ownerReferences']),
    labels: labels(meta['labels']),
    node: text(wanted['nodeName']),
    created: time(meta['creationTimestamp']) ?? 0,
    serviceAccount: text(wanted['serviceAccountName']),
    hostNetwork: wanted['hostNetwork'] === true,
    ips: [...new Set([text(now['podIP']), ...list(now['podIPs']).map((each) => text(json(each)['ip']))])].filter(
      (ip) => ip !== null,
    ),
    started: time(now['startTime']),
    terminating: meta['deletionTimestamp'] !== undefined,
    finished: phase === 'Succeeded' || phase === 'Failed',
    containers: ['initContainerStatuses', 'containerStatuses', 'ephemeralContainerStatuses'].flatMap((field) =>
      list(now[field]).map(container),
    ),
  };
}

function container(object: unknown): PodContainer {
  const status = json(object);
  return {
    id: idOf(status['containerID']),
    // Its last end is told either in the state or, once it runs again, beside it.
    previousId: idOf(json(json(status['lastState'])['terminated'])['containerID']),
    name: text(status['name']) ?? '',
    image: text(status['image']) ?? '',
    imageDigest: /sha256:[0-9a-f]{64}$/.exec(text(status['imageID']) ?? '')?.[0] ?? null,
  };
}

/** `containerd://ab…` → `ab…`. */
function idOf(value: unknown): string | null {
  const id = text(value)?.replace(/^[^:]*:\/\//, '') ?? '';
  return id === '' ? null : id;
}
