/** The objects that policies speak of, read with the user's own rights. */
import type { Cluster } from '#kubernetes/cluster.ts';
import { clusterKinds, clusterOfObjects } from '#kubernetes/cluster-objects.ts';
import type { Api } from './api.ts';

/** All namespaces: peers are anywhere. A collection that may not be read is a Failure, never an empty one. */
export async function clusterObjects(api: Api): Promise<Cluster> {
  const lists: object[] = [];
  for (const { kind, path } of clusterKinds) lists.push({ kind: `${kind}List`, items: await api.list(path) });
  const groups = await api.get('/apis');
  return clusterOfObjects(groups === null ? lists : [...lists, { ...(groups as object), kind: 'APIGroupList' }]);
}
