/** From a pod up to what a user deployed. */
import { json, list } from './json.ts';
import type { Workload } from './workload.ts';

/** The controller among an object's owner references. */
export interface Owner {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** What of a pod tells its workload. */
export interface Owned {
  readonly namespace: string;
  readonly name: string;
  readonly owner: Owner | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly node: string | null;
  /** Milliseconds since the epoch. */
  readonly created: number;
}

/** These stand between: each rollout or run makes a new one. */
const passing = ['ReplicaSet', 'Job'];

/**
 * `above` tells an object's own controller by its uid: null where it has none, undefined where that is not known.
 * Then the names that the controllers of Kubernetes give are read: a ReplicaSet's hash, a CronJob's time.
 */
export function workloadOf(pod: Owned, above: (uid: string) => Owner | null | undefined): Workload {
  const { namespace, owner } = pod;
  if (owner === null) return { namespace, kind: 'Pod', name: pod.name };
  // Mirror pods of static pods: the same pod on several nodes is one workload.
  if (owner.kind === 'Node') {
    const suffix = `-${owner.name}`;
    const name = pod.name.endsWith(suffix) ? pod.name.slice(0, -suffix.length) : pod.name;
    return { namespace, kind: 'Pod', name };
  }
  if (!passing.includes(owner.kind)) return { namespace, kind: owner.kind, name: owner.name };
  const known = above(owner.uid);
  const top = known === undefined ? byName(pod, owner) : (known ?? owner);
  return { namespace, kind: top.kind, name: top.name };
}

function byName(pod: Owned, owner: Owner): Pick<Owner, 'kind' | 'name'> {
  if (owner.kind === 'ReplicaSet') {
    for (const [label, kind] of [
      ['pod-template-hash', 'Deployment'],
      ['rollouts-pod-template-hash', 'Rollout'],
    ] as const) {
      const suffix = `-${pod.labels[label] ?? ''}`;
      if (suffix !== '-' && owner.name.endsWith(suffix)) return { kind, name: owner.name.slice(0, -suffix.length) };
    }
    return owner;
  }
  // A CronJob calls its Jobs after the minute that they were due in.
  const [, name, minute] = /^(.+)-(\d{8,9})$/.exec(owner.name) ?? [];
  const due = Number(minute) * 60_000;
  const week = 7 * 86_400_000;
  return name !== undefined && Math.abs(pod.created - due) < week ? { kind: 'CronJob', name } : owner;
}

/** The reference that controls, of an object's metadata as the API server sends it. */
export function controllerOf(references: unknown): Owner | null {
  for (const each of list(references)) {
    const { kind, name, uid, controller } = json(each);
    if (controller === true && typeof kind === 'string' && typeof name === 'string' && typeof uid === 'string')
      return { kind, name, uid };
  }
  return null;
}
