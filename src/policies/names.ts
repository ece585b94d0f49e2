/** What artifacts are called: after their workload, never after a pod, so that a rollout changes no name. */
import type { Baseline } from '#baseline/baseline.ts';

/** `shop-checkout-app` in a cluster; on a host the workload alone, where its one container has the same name. */
export function containerName({ place, workload, container }: Baseline): string {
  const own = place === null && container === workload ? [workload] : [workload, container];
  return [...(place === null ? [] : [place.namespace]), ...own].join('-');
}

/** `<name>-<suffix>`, safe on every file system, whatever a workload is called. */
export function artifactPath(name: string, suffix: string): string {
  const safe = name
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 200);
  return `${safe === '' ? 'workload' : safe}-${suffix}`;
}
