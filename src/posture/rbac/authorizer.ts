/** Whether somebody may do something, as Kubernetes' RBAC authorizer decides: the union of what all bindings give. */
import { selects } from '#kubernetes/selectors.ts';
import type { RbacObject, Subject } from './objects.ts';
import type { Request, Rule } from './request.ts';
import { matches } from './rules.ts';

export interface Decision {
  readonly allowed: boolean;
  /** `RoleBinding shop/readers of ClusterRole view, rules[2]`; why not, otherwise. */
  readonly rule: string;
}

export interface Authorizer {
  authorize(asked: Request): Decision;
  /** Bindings whose role nobody knows: they give nothing. */
  readonly dangling: readonly string[];
}

interface Grant {
  readonly binding: string;
  /** Null: in every namespace, and what is in none. */
  readonly namespace: string | null;
  readonly subjects: readonly Subject[];
  readonly role: string;
  readonly rules: readonly Rule[];
}

export function authorizerOf(objects: readonly RbacObject[]): Authorizer {
  const roles = new Map<string, readonly Rule[]>();
  for (const each of objects) {
    if (each.kind === 'Role')
      roles.set(`Role ${each.metadata.namespace ?? 'default'}/${each.metadata.name}`, each.rules ?? []);
    if (each.kind === 'ClusterRole') roles.set(`ClusterRole ${each.metadata.name}`, rulesOf(each, objects));
  }
  const dangling: string[] = [];
  const grants = objects.flatMap((each): Grant[] => {
    if (each.kind !== 'RoleBinding' && each.kind !== 'ClusterRoleBinding') return [];
    const namespace = each.kind === 'RoleBinding' ? (each.metadata.namespace ?? 'default') : null;
    const binding = `${each.kind} ${namespace === null ? '' : `${namespace}/`}${each.metadata.name}`;
    const role =
      each.roleRef.kind === 'Role' ? `Role ${namespace}/${each.roleRef.name}` : `ClusterRole ${each.roleRef.name}`;
    const rules = roles.get(role);
    if (rules === undefined) {
      dangling.push(`${binding}: there is no ${role}`);
      return [];
    }
    return [{ binding, namespace, subjects: each.subjects ?? [], role, rules }];
  });
  return {
    dangling,
    authorize(asked) {
      for (const { binding, namespace, subjects, role, rules } of grants) {
        // A RoleBinding gives nothing outside of its namespace, whatever the role says.
        if (namespace !== null && (!asked.resourceRequest || asked.namespace !== namespace)) continue;
        if (!subjects.some((subject) => isSubject(subject, asked, namespace))) continue;
        const at = rules.findIndex((rule) => matches(rule, asked));
        if (at >= 0) return { allowed: true, rule: `${binding} of ${role}, rules[${at}]` };
      }
      return { allowed: false, rule: 'no binding gives it' };
    },
  };
}

/** Of an aggregated role the rules of those that it selects; its own are the controller's to write. */
function rulesOf(given: Extract<RbacObject, { kind: 'ClusterRole' }>, objects: readonly RbacObject[]): readonly Rule[] {
  const selectors = given.aggregationRule?.clusterRoleSelectors ?? [];
  if (selectors.length === 0) return given.rules ?? [];
  const chosen = objects.filter(
    (each) =>
      each.kind === 'ClusterRole' &&
      each.metadata.name !== given.metadata.name &&
      selectors.some((selector) => selects(selector, each.metadata.labels ?? {})),
  );
  return chosen.flatMap((each) => ('rules' in each ? ((each.rules as readonly Rule[] | null) ?? []) : []));
}

function isSubject({ kind, name, namespace }: Subject, { user }: Request, own: string | null): boolean {
  switch (kind) {
    case 'User':
      return user.name === name;
    case 'Group':
      return (user.groups ?? []).includes(name);
    case 'ServiceAccount': {
      const where = namespace ?? own;
      return where !== null && user.name === `system:serviceaccount:${where}:${name}`;
    }
    default:
      return false;
  }
}
