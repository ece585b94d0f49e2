/**
 * HorizontalPodAutoscalers (autoscaling/v2). A target of utilisation is a share of the request R: replicas are
 * ceil(now × usage ÷ (R × T)). Another request R′ scales otherwise unless the target becomes T′ = T × R ÷ R′, which may be
 * above 100 %.
 */
import { json, list, text, whole } from '#kubernetes/json.ts';
import { valueOf } from '../recommend/advice.ts';
import { containersOf, type Subject } from '../subject.ts';
import { apiVersionOf } from './manifest.ts';
import { quantityOf, type ResourceName, resourceNames } from './requirements.ts';

export interface HpaChange {
  readonly name: string;
  readonly object: object;
  readonly notes: readonly string[];
}

/** Every HorizontalPodAutoscaler of the workload with targets for the new requests. */
export function hpaChanges(subject: Subject): HpaChange[] {
  return subject.autoscalers.map((autoscaler) => {
    const { metadata, spec } = json(autoscaler);
    const { name, namespace } = json(metadata);
    const called = text(name) ?? '';
    const notes: string[] = [];
    const { targetCPUUtilizationPercentage: _, ...others } = json(spec);
    const metrics = metricsOf(autoscaler).map((metric) => retargeted(metric, subject, called, notes));
    const object = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: called, ...(text(namespace) === null ? {} : { namespace }) },
      spec: { ...others, metrics },
    };
    return { name: called, object, notes };
  });
}

/** As an API server makes them: of version 1 the share of CPU alone, and 80 % of it where nothing is said. */
function metricsOf(autoscaler: unknown): readonly unknown[] {
  const { metrics, targetCPUUtilizationPercentage } = json(json(autoscaler)['spec']);
  const averageUtilization = whole(targetCPUUtilizationPercentage) ?? 80;
  const all = list(metrics);
  return all.length > 0
    ? all
    : [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } }];
}

/** The resources by whose utilisation or amount it is scaled. */
export function autoscaledResources({ autoscalers }: Pick<Subject, 'autoscalers'>): ReadonlySet<string> {
  return new Set(autoscalers.flatMap(metricsOf).flatMap((metric) => text(sourceOf(metric)?.['name']) ?? []));
}

function sourceOf(metric: unknown): Readonly<Record<string, unknown>> | null {
  const { type, resource, containerResource } = json(metric);
  if (type === 'Resource') return json(resource);
  return type === 'ContainerResource' ? json(containerResource) : null;
}

function retargeted(metric: unknown, subject: Subject, called: string, notes: string[]): unknown {
  const source = sourceOf(metric);
  const target = json(source?.['target']);
  const now = whole(target['averageUtilization']);
  const resource = resourceNames.find((each) => each === source?.['name']);
  if (source === null || now === null || resource === undefined) return metric;
  const only = text(source['container']);
  const [before, after] = requests(subject, resource, only);
  const whose = only === null ? resource : `${resource} of ${only}`;
  if (before === null) {
    notes.push(
      `HorizontalPodAutoscaler ${called} scales by ${whose}, whose request is not known or unset now: no target is told, and an HPA does not work without the request`,
    );
    return metric;
  }
  if (after === null) {
    notes.push(`HorizontalPodAutoscaler ${called}: the target of ${now} % of ${whose} stays, as the request does`);
    return metric;
  }
  const exact = (now * before) / after;
  const next = Math.max(1, Math.round(exact));
  const field = json(metric)['type'] === 'Resource' ? 'resource' : 'containerResource';
  const amount = quantityOf(resource, Number(((now / 100) * before).toPrecision(3)));
  notes.push(
    `HorizontalPodAutoscaler ${called}: ${now} % of ${quantityOf(resource, before)} ${whose} is ${amount}, and so is ${next} % of ${quantityOf(resource, after)}; change both together, or replicas jump${Math.abs(next - exact) > exact / 20 ? ` (exactly ${exact.toPrecision(3)} %)` : ''}`,
  );
  return { ...json(metric), [field]: { ...source, target: { ...target, averageUtilization: next } } };
}

/** Of the pod, or of one container: what is requested now, and what would be. Null: some container has none. */
function requests(subject: Subject, resource: ResourceName, only: string | null): [number | null, number | null] {
  const all = containersOf(subject.source?.pod).filter(({ name, path }) =>
    only === null ? path[1] === 'containers' : name === only,
  );
  let [before, after]: [number | null, number | null] = [0, 0];
  let known = false;
  for (const { name, current } of all) {
    const advised = subject.advice.find((each) => each.name === name)?.[resource].request;
    const value = advised === undefined ? null : valueOf(advised);
    const now = current[resource].request;
    before = before === null || now === null ? null : before + now;
    const then = value ?? now;
    after = after === null || then === null ? null : after + then;
    known ||= value !== null;
  }
  return [all.length === 0 ? null : before, known ? after : null];
}

const scalable = ['Deployment', 'StatefulSet', 'ReplicaSet'];
const target = 0.8;

/** One to begin with, where usage follows the day and nothing scales it. */
export function suggestedHpa(subject: Subject): HpaChange | null {
  const { kind, name, namespace, replicas, advice, autoscalers } = subject;
  const apiVersion = apiVersionOf(subject);
  if (autoscalers.length > 0 || kind === null || !scalable.includes(kind) || apiVersion === null) return null;
  if (replicas === null || !advice.some(({ cycle }) => cycle !== null)) return null;
  const request = advice.reduce((sum, { cpu }) => sum + (valueOf(cpu.request) ?? Number.NaN), 0);
  if (!(request > 0)) return null;
  const usage = (which: 'high' | 'low'): number =>
    replicas * advice.reduce((sum, { cycle, cpu }) => sum + (cycle?.[which] ?? valueOf(cpu.request) ?? 0), 0);
  const count = (cores: number): number => Math.max(1, Math.ceil(cores / (request * target)));
  const [minReplicas, maxReplicas] = [count(usage('low')), Math.max(count(usage('high')) + 1, replicas)];
  const object = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name, ...(namespace === null ? {} : { namespace }) },
    spec: {
      scaleTargetRef: { apiVersion, kind, name },
      minReplicas,
      maxReplicas,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: target * 100 } },
        },
      ],
    },
  };
  const notes = [
    `a suggestion: CPU follows the day, and nothing scales it; ${minReplicas} to ${maxReplicas} replicas at ${target * 100} % of the advised request carry its calmest and its busiest hour; mind what replicas are there for besides CPU`,
  ];
  return { name, object, notes };
}
