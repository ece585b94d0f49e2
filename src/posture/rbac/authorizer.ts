/** Whether somebody may do something, as Kubernetes' RBAC authorizer decides: the union of what all bindings give. */
import { type Granted, grantsOf } from './grants.ts';
import type { RbacObject, Subject } from './objects.ts';
import type { Request } from './request.ts';
import { matches } from './rules.ts';

export interface Decision {
  readonly allowed: boolean;
  /** `RoleBinding shop/readers of ClusterRole view, rules[2]`; why not, otherwise. */
  readonly rule: string;
}

export interface Authorizer extends Omit<Granted, 'grants'> {
  authorize(asked: Request): Decision;
}

export function authorizerOf(objects: readonly RbacObject[]): Authorizer {
  const { grants, ...rest } = grantsOf(objects);
  return {
    ...rest,
    authorize(asked) {
      for (const { binding, namespace, subjects, role, rules } of grants) {
        if (!isWithin(namespace, asked)) continue;
        if (!subjects.some((subject) => isSubject(subject, asked))) continue;
        const at = rules.findIndex((rule) => matches(rule, asked));
        if (at >= 0) return { allowed: true, rule: `${binding} of ${role}, rules[${at}]` };
      }
      return { allowed: false, rule: 'no binding gives it' };
    },
  };
}

/** A RoleBinding gives nothing outside of its namespace, whatever the role says. */
export function isWithin(namespace: string | null, asked: Request): boolean {
  return namespace === null || (asked.resourceRequest && asked.namespace === namespace);
}

export function isSubject({ kind, name, namespace }: Subject, { user }: Pick<Request, 'user'>): boolean {
  switch (kind) {
    case 'User':
      return user.name === name;
    case 'Group':
      return (user.groups ?? []).includes(name);
    case 'ServiceAccount':
      return namespace !== undefined && user.name === `system:serviceaccount:${namespace}:${name}`;
    default:
      return false;
  }
}
