/** What a namespace's workloads add up to: a ResourceQuota and a LimitRange, and what those that are there say to advice. */
import { json, list, text, whole } from '#kubernetes/json.ts';
import { amountOf, mebibyte } from '../quantity.ts';
import { valueOf } from '../recommend/advice.ts';
import { rounded } from '../recommend/rounding.ts';
import type { Subject } from '../subject.ts';
import { quantityOf, type ResourceName, resourceNames } from './requirements.ts';

export interface NamespaceObjects {
  readonly objects: readonly object[];
  readonly notes: readonly string[];
}

/** Rollouts start new pods before old ones end: a Deployment's maxSurge is a quarter unless it says otherwise. */
const surge = 0.25;
/** What else is started in it by default: by half more than the largest container asks for. */
const maxFactor = 1.5;

/** Null where nothing of the namespace has a figure. */
export function namespaceObjects(namespace: string, subjects: readonly Subject[]): NamespaceObjects | null {
  const notes: string[] = [];
  const hard = Object.fromEntries(
    resourceNames.flatMap((resource) =>
      (['request', 'limit'] as const).flatMap((which) => {
        const total = totalOf(subjects, resource, which, notes);
        const unit = resource === 'cpu' ? 0.1 : 64 * mebibyte;
        return total === null ? [] : [[`${which}s.${resource}`, quantityOf(resource, rounded(total, 0, unit).value)]];
      }),
    ),
  );
  const limits = limitsOf(subjects);
  if (Object.keys(hard).length === 0 || limits === null) return null;
  const metadata = { name: 'kguardian', namespace };
  return {
    objects: [
      { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard } },
      { apiVersion: 'v1', kind: 'LimitRange', metadata, spec: { limits: [limits] } },
    ],
    notes: [
      ...notes,
      `the quota holds ${subjects.length} workloads, their replicas as they are or as an autoscaler may make them, and ${surge * 100} % for rollouts`,
    ],
  };
}

/** Null where a part is not known, or one has no limit: a quota on it would have every such pod refused. */
function totalOf(
  subjects: readonly Subject[],
  resource: ResourceName,
  which: 'request' | 'limit',
  notes: string[],
): number | null {
  let total = 0;
  for (const subject of subjects)
    for (const { name, [resource]: advised } of subject.advice) {
      const figure = advised[which];
      if (figure.state === 'number') {
        total += figure.value * Math.ceil(mostReplicas(subject) * (1 + surge));
        continue;
      }
      notes.push(
        `no quota of ${which}s.${resource}: ${figure.state === 'unset' ? `${name} of ${subject.id} has none, and would be refused` : `nothing is known of ${name} of ${subject.id}`}`,
      );
      return null;
    }
  return total;
}

function mostReplicas({ replicas, autoscalers, advice }: Subject): number {
  const scaled = autoscalers.map((each) => whole(json(json(each)['spec'])['maxReplicas']) ?? 0);
  return Math.max(replicas ?? Math.max(1, ...advice.map(({ basis }) => basis.replicas)), ...scaled);
}

function limitsOf(subjects: readonly Subject[]): object | null {
  const all = subjects.flatMap(({ advice }) => advice);
  const values = (resource: ResourceName, which: 'request' | 'limit'): number[] =>
    all.flatMap((each) => valueOf(each[resource][which]) ?? []).toSorted((a, b) => a - b);
  const middle = (sorted: readonly number[]): number | undefined => sorted[Math.floor((sorted.length - 1) / 2)];
  const [cpu, memory, memoryLimits] = [
    values('cpu', 'request'),
    values('memory', 'request'),
    values('memory', 'limit'),
  ];
  const [cpuMiddle, memoryMiddle, limitMiddle] = [middle(cpu), middle(memory), middle(memoryLimits)];
  if (cpuMiddle === undefined || memoryMiddle === undefined || limitMiddle === undefined) return null;
  const most = rounded((memoryLimits.at(-1) ?? limitMiddle) * maxFactor, 0, mebibyte).value;
  return {
    type: 'Container',
    // No default limit of CPU: it would be set where none is wanted. `max` would be taken as one.
    defaultRequest: { cpu: quantityOf('cpu', cpuMiddle), memory: quantityOf('memory', memoryMiddle) },
    default: { memory: quantityOf('memory', Math.max(limitMiddle, memoryMiddle)) },
    max: { memory: quantityOf('memory', most) },
  };
}

/** What LimitRanges of the namespace say to what is advised: a pod outside of them is refused. */
export function limitRangeNotes({ advice, id }: Subject, limitRanges: readonly unknown[]): string[] {
  const items = limitRanges.flatMap((each) => {
    const named = text(json(json(each)['metadata'])['name']) ?? '';
    return list(json(json(each)['spec'])['limits']).map((item) => ({ named, item: json(item) }));
  });
  return items
    .filter(({ item }) => item['type'] === 'Container')
    .flatMap(({ named, item }) =>
      advice.flatMap((each) =>
        resourceNames.flatMap((resource) => {
          const [request, limit] = [valueOf(each[resource].request), valueOf(each[resource].limit)];
          const bound = (field: string): number | null => amountOf(json(item[field])[resource]);
          const [min, max, ratio] = [bound('min'), bound('max'), bound('maxLimitRequestRatio')];
          const whose = `LimitRange ${named}: ${resource} of ${each.name} of ${id}`;
          const found: string[] = [];
          if (min !== null && request !== null && request < min)
            found.push(`${whose} is below its min of ${quantityOf(resource, min)}: pods would be refused`);
          if (max !== null && limit !== null && limit > max)
            found.push(`${whose} is above its max of ${quantityOf(resource, max)}: pods would be refused`);
          if (ratio !== null && request !== null && limit !== null && limit > request * ratio)
            found.push(
              `${whose}: limit ÷ request is above its maxLimitRequestRatio of ${ratio}: pods would be refused`,
            );
          const given = bound('default') ?? max;
          if (given !== null && each[resource].limit.state === 'unset')
            found.push(
              `${whose} is unset, and gets its default of ${quantityOf(resource, given)} as a limit${request !== null && request > given ? ', which the request is above: pods would be refused' : ''}`,
            );
          return found;
        }),
      ),
    );
}
