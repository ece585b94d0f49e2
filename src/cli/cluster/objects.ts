/** The objects that policies speak of, read with the user's own rights. */
import type { Cluster } from '#kubernetes/cluster.ts';
import { clusterOfObjects } from '#kubernetes/cluster-objects.ts';
import type { Api } from './api.ts';

const collections: readonly (readonly [kind: string, path: string])[] = [
  ['Namespace', '/api/v1/namespaces'],
  ['Node', '/api/v1/nodes'],
  ['Pod', '/api/v1/pods'],
  ['Service', '/api/v1/services'],
  ['EndpointSlice', '/apis/discovery.k8s.io/v1/endpointslices'],
  ['ReplicationController', '/api/v1/replicationcontrollers'],
  ['Deployment', '/apis/apps/v1/deployments'],
  ['ReplicaSet', '/apis/apps/v1/replicasets'],
  ['StatefulSet', '/apis/apps/v1/statefulsets'],
  ['DaemonSet', '/apis/apps/v1/daemonsets'],
  ['Job', '/apis/batch/v1/jobs'],
  ['CronJob', '/apis/batch/v1/cronjobs'],
];

/** All namespaces: peers are anywhere. A collection that may not be read is a Failure, never an empty one. */
export async function clusterObjects(api: Api): Promise<Cluster> {
  const lists: object[] = [];
  for (const [kind, path] of collections) lists.push({ kind: `${kind}List`, items: await api.list(path) });
  return clusterOfObjects(lists);
}
