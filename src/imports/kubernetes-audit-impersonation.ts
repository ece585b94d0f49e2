/**
 * Who speaks as another needs the right to do so, and was asked for it before: for the user, each group, the uid and each
 * value of each extra (k8s.io/apiserver, impersonation filter; groups and resources are named as there). With constrained
 * impersonation (Kubernetes 1.35, KEP-5284) the verb says how, and what is done as the other one is a right of its own.
 */
import { serviceAccountOf } from '#kubernetes/api-use.ts';
import { type AuditEvent, type Json, text, texts } from './kubernetes-audit-fields.ts';

const authentication = 'authentication.k8s.io';

type Asked = Pick<AuditEvent, 'verb' | 'apiGroup' | 'resource' | 'subresource' | 'namespace' | 'name'>;

/** `own` is the request that was made as the other one. `constraint` is the verb that let him; empty for `impersonate`. */
export function impersonations(own: AuditEvent, user: Json, impersonated: Json, constraint: string): AuditEvent[] {
  const common = {
    stage: own.stage,
    at: own.at,
    // The event names the other one only after it was allowed to speak as him.
    decision: 'allow' as const,
    user: text(user['username']),
    groups: texts(user['groups']),
  };
  const id = (which: string): string => (own.auditId === '' ? '' : `${own.auditId}/${which}`);
  const identity = identityRights(impersonated, constraint).map((each, at) => ({
    ...common,
    ...each,
    auditId: id(`impersonate/${at}`),
    resourceRequest: true,
    path: '',
  }));
  if (constraint === '') return identity;
  const on = constraint.replace(/^impersonate:/, 'impersonate-on:');
  return [...identity, { ...own, ...common, auditId: id('impersonate-on'), verb: `${on}:${own.verb}` }];
}

function identityRights(impersonated: Json, constraint: string): Asked[] {
  const name = text(impersonated['username']);
  const account = serviceAccountOf(name);
  const node = /^impersonate:.*node$/.test(constraint) ? (/^system:node:(.+)$/.exec(name)?.[1] ?? '') : null;
  const verb = constraint === '' ? 'impersonate' : constraint;
  // The constrained verbs are asked for in one group, the old one in the core group for what it knew first.
  const core = constraint === '' ? '' : authentication;
  const nothing = { verb, subresource: '', namespace: '' };
  if (node !== null) {
    // The node of the account's own pod is asked for by no name.
    const which = constraint === 'impersonate:associated-node' ? '' : node;
    return [{ ...nothing, apiGroup: authentication, resource: 'nodes', name: which }];
  }
  const uid = text(impersonated['uid']);
  return [
    account === null
      ? { ...nothing, apiGroup: core, resource: 'users', name }
      : { ...nothing, apiGroup: core, resource: 'serviceaccounts', ...account },
    ...texts(impersonated['groups'])
      .filter((group) => !isGiven(group, account))
      .map((group) => ({ ...nothing, apiGroup: core, resource: 'groups', name: group })),
    ...(uid === '' ? [] : [{ ...nothing, apiGroup: authentication, resource: 'uids', name: uid }]),
    ...Object.entries((impersonated['extra'] ?? {}) as Json).flatMap(([key, values]) =>
      texts(values).map((value) => ({
        ...nothing,
        apiGroup: authentication,
        resource: 'userextras',
        subresource: key,
        name: value,
      })),
    ),
  ];
}

/** Groups that the server adds by itself. Who asked for one of them looks the same in the log: that right is not seen. */
function isGiven(group: string, account: ReturnType<typeof serviceAccountOf>): boolean {
  if (group === 'system:authenticated' || group === 'system:unauthenticated') return true;
  return (
    account !== null && (group === 'system:serviceaccounts' || group === `system:serviceaccounts:${account.namespace}`)
  );
}
