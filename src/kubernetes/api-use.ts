/** A right in the cluster as authorizers are asked for it, and who used it. */

export interface ApiRight {
  readonly verb: string;
  readonly resourceRequest: boolean;
  readonly apiGroup: string;
  readonly resource: string;
  readonly subresource: string;
  /** Empty for what is cluster-scoped, and for all namespaces. */
  readonly namespace: string;
  /** Without its query; empty for resources. */
  readonly path: string;
}

/** One right by everybody who asked alike. */
export interface ApiUse extends ApiRight {
  readonly user: string;
  /** Of the last request. */
  readonly groups: readonly string[];
  readonly decision: 'allow' | 'forbid';
  /** The names that were asked for, sorted; the first of them when `manyNames` says that there are more than are kept. */
  readonly names: readonly string[];
  readonly manyNames: boolean;
  /** Some request carried no name that an authorizer sees. */
  readonly nameless: boolean;
  /** Null where repeats are not told apart: a broker may be sent the same events twice. */
  readonly count: number | null;
  /** Milliseconds since the epoch. */
  readonly first: number;
  readonly last: number;
}

/** Names of one right that are kept: the first ones by code units, so that any order keeps the same. */
export const mostNames = 50;
/** What an API server takes as a name is shorter; who asks for more than that is no object's. */
export const longestName = 253;

/** Two uses of one right by one user. Associative, commutative, idempotent. */
export function joinedUse(a: ApiUse, b: ApiUse): ApiUse {
  const names = [...new Set([...a.names, ...b.names])].toSorted(byCodeUnits);
  return {
    ...a,
    groups: later(a, b) ? b.groups : a.groups,
    names: names.slice(0, mostNames),
    manyNames: a.manyNames || b.manyNames || names.length > mostNames,
    nameless: a.nameless || b.nameless,
    count: null,
    first: Math.min(a.first, b.first),
    last: Math.max(a.last, b.last),
  };
}

function later(a: ApiUse, b: ApiUse): boolean {
  return b.last > a.last || (b.last === a.last && JSON.stringify(b.groups) > JSON.stringify(a.groups));
}

export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Null for a user that is no service account. */
export function serviceAccountOf(user: string): { readonly namespace: string; readonly name: string } | null {
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user) ?? [];
  return namespace === undefined || name === undefined ? null : { namespace, name };
}
