/** Pods that no policy tells apart, one of each. */
import type { ClusterPod } from './cluster.ts';

/** One pod for each set of labels, ports and account: policies see no difference between the others and these. */
export function representatives(pods: readonly ClusterPod[]): ClusterPod[] {
  const found = new Map<string, ClusterPod>();
  for (const pod of pods) {
    const labels = Object.entries(pod.labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify([pod.namespace, labels, pod.ports, pod.serviceAccount]);
    if (!found.has(key)) found.set(key, pod);
  }
  return [...found.values()];
}
