/**
 * Who asks, and may they: tokens are given by the test; what they may do is decided by the Role and
 * ClusterRole objects of the store, so that a chart's own RBAC can be tried.
 */
import { resourceOf } from './resources.ts';
import type { Store, StoredObject } from './store.ts';

export interface User {
  readonly username: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  /** Whom the token is for; by default the API server itself. */
  readonly audiences?: readonly string[];
}

export const ownAudience = 'https://kubernetes.default.svc.cluster.local';
export const audiencesOf = (user: User): readonly string[] => user.audiences ?? [ownAudience];

export interface Asked {
  readonly verb: string;
  readonly group: string;
  /** `pods`, `pods/log`. */
  readonly resource: string;
  readonly namespace: string | null;
  readonly name: string | null;
}

interface Rule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

const rbac = 'rbac.authorization.k8s.io/v1';

export function permits(store: Store, user: User, asked: Asked): boolean {
  if (user.groups?.includes('system:masters') === true) return true;
  const everywhere = store.list(resourceOf(rbac, 'ClusterRoleBinding', false), null);
  const here = asked.namespace === null ? [] : store.list(resourceOf(rbac, 'RoleBinding', true), asked.namespace);
  return [...everywhere, ...here]
    .filter((binding) => ((binding['subjects'] as Subject[] | undefined) ?? []).some((each) => isSubject(each, user)))
    .flatMap((binding) => rulesOf(store, binding))
    .some((rule) => covers(rule, asked));
}

function isSubject({ kind, name, namespace }: Subject, { username, groups = [] }: User): boolean {
  if (kind === 'Group') return groups.includes(name);
  return username === (kind === 'ServiceAccount' ? `system:serviceaccount:${namespace}:${name}` : name);
}

function rulesOf(store: Store, binding: StoredObject): readonly Rule[] {
  const { kind, name } = binding['roleRef'] as { kind: string; name: string };
  const namespace = kind === 'Role' ? (binding.metadata.namespace ?? null) : null;
  const resource = resourceOf(rbac, kind, kind === 'Role');
  return store.has(resource, namespace, name)
    ? ((store.read(resource, namespace, name)['rules'] as Rule[] | undefined) ?? [])
    : [];
}

function covers({ verbs, apiGroups = [], resources = [], resourceNames = [] }: Rule, asked: Asked): boolean {
  const has = (list: readonly string[], value: string): boolean => list.includes('*') || list.includes(value);
  return (
    has(verbs, asked.verb) &&
    has(apiGroups, asked.group) &&
    has(resources, asked.resource) &&
    (resourceNames.length === 0 || (asked.name !== null && resourceNames.includes(asked.name)))
  );
}

/** A role with these rules, bound to a user, for the store: everywhere, or in one namespace. */
export function allow(username: string, rules: readonly Rule[], namespace?: string): object[] {
  const [, , owner, account] = /^(system:serviceaccount:)([^:]+):(.+)$/.exec(username) ?? [];
  const subject =
    account === undefined
      ? { kind: 'User', name: username }
      : { kind: 'ServiceAccount', namespace: owner, name: account };
  const name = `allow-${username.replaceAll(':', '-')}`;
  const metadata = namespace === undefined ? { name } : { name, namespace };
  const kind = namespace === undefined ? 'ClusterRole' : 'Role';
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind, name };
  return [
    { apiVersion: rbac, kind, metadata, rules },
    { apiVersion: rbac, kind: `${kind}Binding`, metadata, subjects: [subject], roleRef },
  ];
}
