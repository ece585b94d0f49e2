/** Collections of the API server, by what it calls them. Each command reads those that it needs, and no others. */
import { json } from '#kubernetes/json.ts';
import type { Api } from './api.ts';

const collections = {
  replicationcontrollers: ['/api/v1', 'v1', 'ReplicationController'],
  deployments: ['/apis/apps/v1', 'apps/v1', 'Deployment'],
  statefulsets: ['/apis/apps/v1', 'apps/v1', 'StatefulSet'],
  daemonsets: ['/apis/apps/v1', 'apps/v1', 'DaemonSet'],
  replicasets: ['/apis/apps/v1', 'apps/v1', 'ReplicaSet'],
  cronjobs: ['/apis/batch/v1', 'batch/v1', 'CronJob'],
  jobs: ['/apis/batch/v1', 'batch/v1', 'Job'],
  pods: ['/api/v1', 'v1', 'Pod'],
  services: ['/api/v1', 'v1', 'Service'],
  persistentvolumeclaims: ['/api/v1', 'v1', 'PersistentVolumeClaim'],
  limitranges: ['/api/v1', 'v1', 'LimitRange'],
  ingresses: ['/apis/networking.k8s.io/v1', 'networking.k8s.io/v1', 'Ingress'],
  horizontalpodautoscalers: ['/apis/autoscaling/v2', 'autoscaling/v2', 'HorizontalPodAutoscaler'],
} as const;

export type Collection = keyof typeof collections;

/** What makes pods, and pods. */
export const podMakers = [
  'replicationcontrollers',
  'deployments',
  'statefulsets',
  'daemonsets',
  'replicasets',
  'cronjobs',
  'jobs',
  'pods',
] as const satisfies readonly Collection[];

/** Of one namespace, or of all for null. What may not be read is a Failure, never an empty list. */
export async function listed(api: Api, namespace: string | null, collection: Collection): Promise<unknown[]> {
  const [root, apiVersion, kind] = collections[collection];
  const scope = namespace === null ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  // An API server leaves both out of the items of a list.
  return (await api.list(`${root}${scope}/${collection}`)).map((each) => ({ ...json(each), apiVersion, kind }));
}

/** Several of them, one after another. */
export async function listedAll(api: Api, namespace: string | null, all: readonly Collection[]): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const each of all) found.push(...(await listed(api, namespace, each)));
  return found;
}

/** The namespace itself, or all of them for null. */
export async function listedNamespaces(api: Api, namespace: string | null): Promise<unknown[]> {
  const found =
    namespace === null
      ? await api.list('/api/v1/namespaces')
      : [await api.get(`/api/v1/namespaces/${encodeURIComponent(namespace)}`)].filter((each) => each !== null);
  return found.map((each) => ({ ...json(each), apiVersion: 'v1', kind: 'Namespace' }));
}
