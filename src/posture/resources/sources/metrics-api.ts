/** metrics.k8s.io (metrics-server): what pods use at one moment, averaged over a short window. */
import { json, list, text, time } from '#kubernetes/json.ts';
import { amountOf } from '../quantity.ts';
import type { Replica } from '../series.ts';

export interface PodUsage {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly replica: Replica;
}

/** The containers of a PodMetrics object; what cannot be read is left out, and so is unknown. */
export function podUsages(object: unknown): PodUsage[] {
  const { metadata, timestamp, containers } = json(object);
  const { name, namespace } = json(metadata);
  const [pod, where, at] = [text(name), text(namespace), time(timestamp)];
  if (pod === null || where === null || at === null) return [];
  return list(containers).flatMap((each) => {
    const { name: called, usage } = json(each);
    const container = text(called);
    if (container === null) return [];
    const sample = (amount: number | null): [number, number][] => (amount === null ? [] : [[at / 1000, amount]]);
    const replica: Replica = {
      name: pod,
      cpu: sample(amountOf(json(usage)['cpu'])),
      memory: sample(amountOf(json(usage)['memory'])),
      oom: [],
      throttled: [],
      starts: [],
      peak: null,
    };
    return [{ namespace: where, pod, container, replica }];
  });
}
