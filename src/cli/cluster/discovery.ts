/** Where the API server keeps the objects of a kind, as it says itself. */
import { Failure } from '../failure.ts';
import type { Api } from './api.ts';

interface ResourceList {
  readonly resources?: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[];
}

/** `/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies`. */
export async function collectionPath(
  api: Api,
  apiVersion: string,
  kind: string,
  namespace: string | null,
): Promise<string> {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const list = (await api.get(root)) as ResourceList | null;
  // Sub-resources have a slash in their name and may have the kind of another.
  const resource = list?.resources?.find((each) => each.kind === kind && !each.name.includes('/'));
  if (resource === undefined)
    throw new Failure(`the cluster has no ${kind} (${apiVersion}); is its definition installed?`);
  return resource.namespaced
    ? `${root}/namespaces/${namespace ?? api.namespace}/${resource.name}`
    : `${root}/${resource.name}`;
}
