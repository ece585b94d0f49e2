/** Objects of a cluster → pods and templates, each under what a user deployed. */
import { json } from '#kubernetes/json.ts';
import { controllerOf, type Owner, workloadOf } from '#kubernetes/owner.ts';
import { type PodState, podState } from '#kubernetes/pod-state.ts';
import { contents, type PodSource } from './workloads.ts';

export interface Running {
  readonly source: PodSource;
  /** A running pod under the name of its workload: there is no such object. */
  readonly replica?: true;
}

/** A pod whose containers ended for good: it is kept until somebody deletes it. */
export function hasEnded(object: unknown): boolean {
  return json(object)['kind'] === 'Pod' && podState(object)?.finished === true;
}

/**
 * What another object controls comes from that one's template; pods are taken besides, since admission may have changed
 * them: they go by the name of their workload. Those that ended are left out. Objects name their version and kind.
 */
export function runningOf(objects: readonly unknown[]): Running[] {
  const owners = new Map<string, Owner | null>();
  for (const object of objects) {
    const { uid, ownerReferences } = json(json(object)['metadata']);
    if (typeof uid === 'string') owners.set(uid, controllerOf(ownerReferences));
  }
  return objects
    .filter((each) => !hasEnded(each))
    .flatMap((object): Running[] => {
      const { kind, metadata } = json(object);
      if (kind !== 'Pod' && controllerOf(json(metadata)['ownerReferences']) !== null) return [];
      const state = kind === 'Pod' ? podState(object) : null;
      return contents(object).flatMap((each) =>
        each.type === 'pods' ? each.pods.map((source) => ofWorkload(source, state, owners)) : [],
      );
    });
}

function ofWorkload(source: PodSource, state: PodState | null, owners: ReadonlyMap<string, Owner | null>): Running {
  if (state === null) return { source };
  const { kind, name } = workloadOf(state, (uid) => owners.get(uid));
  return kind === 'Pod' ? { source } : { source: { ...source, kind, name }, replica: true };
}
