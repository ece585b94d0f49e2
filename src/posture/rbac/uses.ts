/** Uses of rights as requests that an authorizer is asked for, and in words. */
import type { ApiUse } from '#kubernetes/api-use.ts';
import type { Request } from './request.ts';

/** Every request that the use stands for, as far as names are known. */
export function requestsOf(use: ApiUse): Request[] {
  const { user, groups, verb, resourceRequest, apiGroup, resource, subresource, namespace, path } = use;
  const names = [...use.names, ...(use.nameless || use.names.length === 0 ? [''] : [])];
  // Everybody who was authenticated is in that group, also where a cloud's log leaves groups out.
  const member = { name: user, groups: [...new Set([...groups, 'system:authenticated'])] };
  return names.map((name) => ({
    user: member,
    verb,
    resourceRequest,
    apiGroup,
    resource,
    subresource,
    namespace,
    name,
    path,
  }));
}

export function wordsOf({ verb, resourceRequest, apiGroup, resource, subresource, namespace, path }: ApiUse): string {
  if (!resourceRequest) return `${verb} ${path}`;
  const whole = `${resource}${subresource === '' ? '' : `/${subresource}`}${apiGroup === '' ? '' : `.${apiGroup}`}`;
  return `${verb} ${whole} ${namespace === '' ? 'in all namespaces or none' : `in ${namespace}`}`;
}

/** `, 3 times`; nothing where nobody counted. */
export function timesOf({ count }: ApiUse): string {
  return count === null ? '' : `, ${count} ${count === 1 ? 'time' : 'times'}`;
}
