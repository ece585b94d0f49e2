/** Where the API server keeps the objects of a kind, as it says itself. */
import { Failure } from '../failure.ts';
import type { Api } from './api.ts';

interface ResourceList {
  readonly resources?: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[];
}

/** Lists of whole collections, over all namespaces; null for a kind that the cluster does not serve. */
export function listing(api: Api): (apiVersion: string, kind: string) => Promise<readonly unknown[] | null> {
  return async (apiVersion, kind) => {
    const resource = await resourceOf(api, apiVersion, kind);
    return resource === undefined ? null : api.list(`${rootOf(apiVersion)}/${resource.name}`);
  };
}

/** `/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies`. */
export async function collectionPath(
  api: Api,
  apiVersion: string,
  kind: string,
  namespace: string | null,
): Promise<string> {
  const resource = await resourceOf(api, apiVersion, kind);
  if (resource === undefined)
    throw new Failure(`the cluster has no ${kind} (${apiVersion}); is its definition installed?`);
  const root = rootOf(apiVersion);
  return resource.namespaced
    ? `${root}/namespaces/${namespace ?? api.namespace}/${resource.name}`
    : `${root}/${resource.name}`;
}

function rootOf(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

async function resourceOf(
  api: Api,
  apiVersion: string,
  kind: string,
): Promise<NonNullable<ResourceList['resources']>[number] | undefined> {
  const list = (await api.get(rootOf(apiVersion))) as ResourceList | null;
  // Sub-resources have a slash in their name and may have the kind of another.
  return list?.resources?.find((each) => each.kind === kind && !each.name.includes('/'));
}
