/**
 * A VerticalPodAutoscaler (autoscaling.k8s.io/v1) that only recommends (`Off`) until somebody changes that, within bounds
 * that come from what was seen.
 */
import type { ContainerAdvice } from '../recommend/advice.ts';
import type { Subject } from '../subject.ts';
import { cpuQuantity } from '../quantity.ts';
import { autoscaledResources } from './hpa.ts';
import { apiVersionOf } from './manifest.ts';
import { quantityOf, type ResourceName, resourceNames } from './requirements.ts';

export interface Vpa {
  readonly object: object;
  /** What its reader must know. */
  readonly notes: readonly string[];
}

/** Null where the workload's kind is not known: a VPA names its target by it. */
export function vpa(subject: Subject): Vpa | null {
  const { namespace, kind, name, advice } = subject;
  const apiVersion = apiVersionOf(subject);
  if (kind === null || apiVersion === null) return null;
  const taken = autoscaledResources(subject);
  const notes = [...taken].map(
    (resource) =>
      `${resource} is left to the HorizontalPodAutoscaler that scales by it: two that follow one figure fight`,
  );
  if (advice.some(({ startup }) => startup !== null))
    notes.push(
      'startupBoost needs in-place resize: updateMode InPlaceOrRecreate, and a VPA and a cluster that have it',
    );
  const object = {
    apiVersion: 'autoscaling.k8s.io/v1',
    kind: 'VerticalPodAutoscaler',
    metadata: { name, ...(namespace === null ? {} : { namespace }) },
    spec: {
      targetRef: { apiVersion, kind, name },
      updatePolicy: { updateMode: 'Off' },
      resourcePolicy: { containerPolicies: advice.map((each) => policyOf(each, taken)) },
    },
  };
  return { object, notes };
}

function policyOf(advice: ContainerAdvice, taken: ReadonlySet<string>): object {
  const controlled = resourceNames.filter(
    (resource) => advice[resource].request.state === 'number' && !taken.has(resource),
  );
  const { name: containerName, startup } = advice;
  // Its usage tells nothing that could be followed.
  if (controlled.length === 0) return { containerName, mode: 'Off' };
  const bounds = (which: 'least' | 'most'): Record<string, string> =>
    Object.fromEntries(controlled.flatMap((resource) => boundOf(advice, resource, which)));
  return {
    containerName,
    mode: 'Auto',
    controlledResources: controlled,
    // With limits in proportion, an unset CPU limit would stay unset and memory's would follow a request that is lower.
    controlledValues: 'RequestsOnly',
    minAllowed: bounds('least'),
    maxAllowed: bounds('most'),
    ...(startup === null || startup.cpu === 0
      ? {}
      : {
          startupBoost: {
            cpu: {
              type: 'Quantity',
              quantity: cpuQuantity(Math.ceil(startup.cpu * 1000) / 1000),
              durationSeconds: Math.ceil(startup.seconds),
            },
          },
        }),
  };
}

function boundOf(advice: ContainerAdvice, resource: ResourceName, which: 'least' | 'most'): [string, string][] {
  const { request, bounds } = advice[resource];
  if (request.state !== 'number' || bounds === null) return [];
  const value = which === 'least' ? Math.min(bounds[0], request.value) : Math.max(bounds[1], request.value);
  return [[resource, quantityOf(resource, value)]];
}
