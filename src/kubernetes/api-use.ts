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
  /** The names that were asked for, sorted; `manyNames` when there were more than are kept. */
  readonly names: readonly string[];
  readonly manyNames: boolean;
  /** Some request carried no name that an authorizer sees. */
  readonly nameless: boolean;
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly first: number;
  readonly last: number;
}
