/** What artifacts are called: after their workload, never after a pod, so that a rollout changes no name. */
import type { Baseline } from '#baseline/baseline.ts';
import type { YamlMap } from '#kubernetes/yaml-text.ts';

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

/** `shop-web`; with a dot where two would be called the same, `a-b` with `c` and `a` with `b-c`. */
export function stems(all: readonly { readonly namespace: string; readonly name: string }[]): string[] {
  const usual = all.map(({ namespace, name }) => `${namespace}-${name}`);
  const times = Map.groupBy(usual, (each) => each);
  return all.map(({ namespace, name }, at) =>
    (times.get(usual[at] ?? '')?.length ?? 0) > 1 ? `${namespace}.${name}` : `${namespace}-${name}`,
  );
}

/** Those whose objects have names of their own, in order; the API server keeps one object a name, and the last one wins. */
export function withoutClashes<T>(
  all: readonly T[],
  objectsOf: (each: T) => readonly YamlMap[],
): { readonly kept: readonly T[]; readonly clashing: readonly T[] } {
  const taken = new Set<string>();
  const [kept, clashing]: [T[], T[]] = [[], []];
  for (const each of all) {
    const names = objectsOf(each).map(({ kind, metadata }) => JSON.stringify([kind, metadata]));
    (names.some((name) => taken.has(name)) ? clashing : kept).push(each);
    for (const name of names) taken.add(name);
  }
  return { kept, clashing };
}
