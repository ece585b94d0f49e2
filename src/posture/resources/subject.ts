/** A workload with what is advised for its containers, and what the cluster knows of it. */
import { json, list, text, whole } from '#kubernetes/json.ts';
import type { PodSource } from '../workloads.ts';
import { amountOf } from './quantity.ts';
import type { ContainerAdvice } from './recommend/advice.ts';
import type { Current } from './series.ts';

export interface Subject {
  /** Of its line: what a series is called, or `shop/Deployment/web`. */
  readonly id: string;
  readonly namespace: string | null;
  /** Null where only a name is known. */
  readonly kind: string | null;
  readonly name: string;
  readonly advice: readonly ContainerAdvice[];
  /** Its own object; null where nobody asked for it, or it is gone. */
  readonly source: PodSource | null;
  /** As its object says. */
  readonly replicas: number | null;
  /** The HorizontalPodAutoscalers that scale it, as the API server has them. */
  readonly autoscalers: readonly unknown[];
}

export interface NamedContainer {
  readonly name: string;
  /** From the pod's own root. */
  readonly path: readonly [spec: string, field: string, index: number];
  readonly current: Current;
  readonly resources: unknown;
}

/** Init containers that go on running among them: those have usage, too. */
export function containersOf(pod: unknown): NamedContainer[] {
  const spec = json(json(pod)['spec']);
  return ['containers', 'initContainers'].flatMap((field) =>
    list(spec[field]).flatMap((each, index) => {
      const { name, resources } = json(each);
      const called = text(name);
      return called === null
        ? []
        : [{ name: called, path: ['spec', field, index] as const, current: currentOf(resources), resources }];
    }),
  );
}

/** What is not written is unset; a limit without a request is the request, too, as an API server makes it. */
function currentOf(resources: unknown): Current {
  const { requests, limits } = json(resources);
  const pair = (what: 'cpu' | 'memory'): Current['cpu'] => {
    const limit = amountOf(json(limits)[what]);
    return { request: amountOf(json(requests)[what]) ?? limit, limit };
  };
  return { cpu: pair('cpu'), memory: pair('memory') };
}

export function replicasOf(object: unknown): number | null {
  return whole(json(json(object)['spec'])['replicas']);
}

/** Whether a HorizontalPodAutoscaler scales it. */
export function scales(
  autoscaler: unknown,
  { namespace, kind, name }: Pick<Subject, 'namespace' | 'kind' | 'name'>,
): boolean {
  const { metadata, spec } = json(autoscaler);
  const target = json(json(spec)['scaleTargetRef']);
  const own = text(json(metadata)['namespace']);
  return (
    target['kind'] === kind && target['name'] === name && (namespace === null || own === null || own === namespace)
  );
}
