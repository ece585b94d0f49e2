/** A Deployment, what scales it, what its containers used: for tests of what is written about it. */
import { known, objectsOf } from '../objects.ts';
import { defaults } from '../options.ts';
import { day, flat, hour, minute, replica, usage } from '../recommend/drawing.cases.ts';
import { recommend } from '../recommend/recommend.ts';
import type { ContainerUsage } from '../series.ts';
import type { Subject } from '../subject.ts';

export const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    replicas: 4,
    template: {
      spec: {
        containers: [
          {
            name: 'app',
            resources: {
              requests: { cpu: '500m', memory: '1Gi', 'ephemeral-storage': '1Gi' },
              limits: { cpu: '2', memory: '1Gi' },
            },
          },
          { name: 'proxy', resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '200m' } } },
        ],
      },
    },
  },
};
export const hpa = (metrics: readonly object[]): object => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '7' },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    minReplicas: 2,
    maxReplicas: 10,
    metrics,
  },
  status: { currentReplicas: 4 },
});
export const utilisation = (averageUtilization: number): object => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
});

export const named = (name: string, one: ContainerUsage): ContainerUsage => ({ ...one, name });
const start = (second: number): number => (second <= 3 * minute ? 2 : 0.25);
export const app = named('app', usage([replica({ length: 3 * day, cpu: start, memory: flat(300) })]));
export const proxy = named('proxy', usage([replica({ length: 3 * day, cpu: flat(0.05), memory: flat(40) })]));
export const leaking = named(
  'app',
  usage([
    replica({ length: 3 * day, step: 5 * minute, cpu: flat(0.2), memory: (second) => 100 + second / hour / 0.1 }),
  ]),
);

export function subject(containers: readonly ContainerUsage[], objects: readonly object[] = [deployment]): Subject {
  const name = { namespace: 'shop', kind: 'Deployment', name: 'web' };
  const advice = containers.map((each) => recommend(each, defaults));
  return { id: 'shop/Deployment/web', ...name, ...known(objectsOf(objects), name), advice };
}
