/** The pods of this node, as the API server tells of them, late and in any order. */
import type { PodContainer, PodState } from '#kubernetes/pod-state.ts';

/** A container may be met after its pod is gone. */
const rememberMs = 600_000;

interface Known {
  pod: PodState;
  removed: number | null;
}

export class Pods {
  readonly #byUid = new Map<string, Known>();
  /** Every id that was ever told: the state tells only the last two runs. */
  readonly #containers = new Map<string, { readonly uid: string; readonly container: PodContainer }>();

  put(pod: PodState): void {
    this.#byUid.set(pod.uid, { pod, removed: null });
    for (const container of pod.containers) {
      for (const id of [container.id, container.previousId]) {
        // What was told of the run itself holds against what is told of a later one: the image may differ.
        if (id !== null && (id === container.id || !this.#containers.has(id)))
          this.#containers.set(id, { uid: pod.uid, container });
      }
    }
  }

  remove(uid: string, now: number): void {
    const known = this.#byUid.get(uid);
    if (known !== undefined) known.removed = now;
  }

  /** The container of that id, in the pod whose cgroup it is in; null for one that nobody told of. */
  find(id: string, cgroupUid: string): { readonly pod: PodState; readonly container: PodContainer } | null {
    const found = this.#containers.get(id);
    const pod = found === undefined ? undefined : this.#byUid.get(found.uid)?.pod;
    if (found === undefined || pod === undefined || pod.cgroupUid !== cgroupUid) return null;
    return { pod, container: found.container };
  }

  ofCgroup(cgroupUid: string): PodState | null {
    for (const { pod } of this.#byUid.values()) if (pod.cgroupUid === cgroupUid) return pod;
    return null;
  }

  get count(): number {
    return [...this.#byUid.values()].filter(({ removed }) => removed === null).length;
  }

  forget(now: number): void {
    for (const [uid, { removed }] of this.#byUid)
      if (removed !== null && now - removed > rememberMs) this.#byUid.delete(uid);
    for (const [id, { uid }] of this.#containers) if (!this.#byUid.has(uid)) this.#containers.delete(id);
  }
}
