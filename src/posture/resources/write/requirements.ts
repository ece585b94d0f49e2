/** Advice → a container's `resources`. A figure without opinion leaves what stands there; unset takes it away. */
import { json } from '#kubernetes/json.ts';
import type { YamlMap } from '#kubernetes/yaml-text.ts';
import { changed, type Edit } from '../../change.ts';
import type { Current } from '../series.ts';
import { amountOf, cpuQuantity, memoryQuantity } from '../quantity.ts';
import type { ContainerAdvice, Figure } from '../recommend/advice.ts';
import { containersOf } from '../subject.ts';

export const resourceNames = ['cpu', 'memory'] as const;
export type ResourceName = (typeof resourceNames)[number];

export function quantityOf(resource: ResourceName, value: number): string {
  return resource === 'cpu' ? cpuQuantity(value) : memoryQuantity(value);
}

/** The pod with what is advised; the same object where nothing is. */
export function advisedPod(pod: unknown, advice: readonly ContainerAdvice[]): unknown {
  const edits = containersOf(pod).flatMap(({ name, path, resources }): Edit[] => {
    const own = advice.find((each) => each.name === name);
    if (own === undefined) return [];
    return resourceNames.flatMap((resource) => [
      ...edit(
        [...path, 'resources', 'requests', resource],
        own[resource].request,
        resource,
        json(resources)['requests'],
      ),
      ...edit([...path, 'resources', 'limits', resource], own[resource].limit, resource, json(resources)['limits']),
    ]);
  });
  return changed(pod, edits);
}

function edit(path: Edit['path'], figure: Figure, resource: ResourceName, now: unknown): Edit[] {
  if (figure.state === 'no-opinion') return [];
  const amount = amountOf(json(now)[resource]);
  if (figure.state === 'number') {
    const value = quantityOf(resource, figure.value);
    // `0.5` is `500m`: nothing changes.
    return amount !== null && quantityOf(resource, amount) === value ? [] : [{ path, value }];
  }
  if (!(resource in json(now))) return [];
  // Nothing is left below it: an empty map would say as little, and look as if it meant something.
  const alone = Object.keys(json(now)).length === 1;
  return [{ path: alone ? path.slice(0, -1) : path, value: undefined }];
}

/** `resources` for a patch: null takes away what stands there, or may stand there (`current` null: not known). */
export function requirements(advice: ContainerAdvice, current: Current | null): YamlMap {
  const side = (which: 'request' | 'limit'): YamlMap =>
    Object.fromEntries(
      resourceNames.flatMap((resource): [string, string | null][] => {
        const figure = advice[resource][which];
        if (figure.state === 'number') return [[resource, quantityOf(resource, figure.value)]];
        return figure.state === 'unset' && current?.[resource][which] !== null ? [[resource, null]] : [];
      }),
    );
  const filled = (map: YamlMap): YamlMap | undefined => (Object.keys(map).length === 0 ? undefined : map);
  return { requests: filled(side('request')), limits: filled(side('limit')) };
}
