/** Objects of a cluster, from an API server or from files, as far as advice has to do with them. */
import { json, text } from '#kubernetes/json.ts';
import { itemsOf } from '#kubernetes/lists.ts';
import { contents, type PodSource } from '../workloads.ts';
import { replicasOf, scales, type Subject } from './subject.ts';

export interface Objects {
  readonly workloads: readonly { readonly source: PodSource; readonly replicas: number | null }[];
  readonly autoscalers: readonly unknown[];
  readonly limitRanges: readonly unknown[];
}

export function objectsOf(objects: readonly unknown[]): Objects {
  const all = objects.flatMap(itemsOf);
  const ofKind = (kind: string): unknown[] => all.filter((each) => json(each)['kind'] === kind);
  return {
    workloads: all.flatMap((object) =>
      contents(object).flatMap((each) =>
        each.type === 'pods' ? each.pods.map((source) => ({ source, replicas: replicasOf(object) })) : [],
      ),
    ),
    autoscalers: ofKind('HorizontalPodAutoscaler'),
    limitRanges: ofKind('LimitRange'),
  };
}

type Named = Pick<Subject, 'namespace' | 'kind' | 'name'>;

/** What the objects say of a workload. One that names no namespace is of any; several that fit are none. */
export function known(objects: Objects, named: Named): Pick<Subject, 'kind' | 'source' | 'replicas' | 'autoscalers'> {
  const fitting = objects.workloads.filter(
    ({ source }) =>
      source.name === named.name &&
      (named.kind === null || source.kind === named.kind) &&
      (named.namespace === null || source.namespace === null || source.namespace === named.namespace),
  );
  const [only, ...others] = fitting;
  const found = only === undefined || others.length > 0 ? null : only;
  const kind = named.kind ?? found?.source.kind ?? null;
  return {
    kind,
    source: found?.source ?? null,
    replicas: found?.replicas ?? null,
    autoscalers: objects.autoscalers.filter((each) => scales(each, { ...named, kind })),
  };
}

export function limitRangesIn({ limitRanges }: Objects, namespace: string | null): unknown[] {
  return limitRanges.filter((each) => {
    const own = text(json(json(each)['metadata'])['namespace']);
    return own === null || own === namespace;
  });
}
