/** Rights that were used → the smallest roles that hold them, and bindings to who used them. */
import type { ApiUse } from '#kubernetes/api-use.ts';
import type { YamlMap } from '#kubernetes/yaml-text.ts';
import { objectName } from '#kubernetes/names.ts';
import { authorizerOf } from './authorizer.ts';
import { draftRules, type DraftRule } from './draft.ts';
import { rbacObject, type RbacObject } from './objects.ts';
import type { Request } from './request.ts';

export interface RbacOptions {
  /** Up to so many names of one resource become resourceNames. */
  readonly maxNames: number;
  /** Refused requests count as needed, too. */
  readonly includeDenied: boolean;
}

export interface GeneratedRbac {
  readonly objects: readonly YamlMap[];
  readonly notes: readonly string[];
}

/** What every authenticated subject may do anyway: Kubernetes' default role system:discovery. */
const given: readonly RbacObject[] = [
  {
    kind: 'ClusterRole',
    metadata: { name: 'system:discovery' },
    rules: [
      {
        verbs: ['get'],
        nonResourceURLs: [
          '/api',
          '/api/*',
          '/apis',
          '/apis/*',
          '/healthz',
          '/livez',
          '/openapi',
          '/openapi/*',
          '/readyz',
          '/version',
          '/version/',
        ],
      },
    ],
  },
  {
    kind: 'ClusterRoleBinding',
    metadata: { name: 'system:discovery' },
    subjects: [{ kind: 'Group', name: 'system:authenticated' }],
    roleRef: { kind: 'ClusterRole', name: 'system:discovery' },
  },
];

/** Uses are of one user. */
export function generateRbac(user: string, uses: readonly ApiUse[], options: RbacOptions): GeneratedRbac {
  const everybody = authorizerOf(given);
  const notes: string[] = [];
  const wanted = uses.filter(({ decision }) => decision === 'allow' || options.includeDenied);
  const needed = wanted.filter(
    (use) => !requestsOf(use).every((each) => everybody.authorize(withEverybody(each)).allowed),
  );
  const denied = options.includeDenied ? [] : uses.filter(({ decision }) => decision === 'forbid');
  for (const use of denied)
    notes.push(`was refused and is not granted: ${wordsOf(use)}, ${use.count} ${use.count === 1 ? 'time' : 'times'}`);
  const { scopes, notes: drafted } = draftRules(needed, denied, options.maxNames);
  notes.push(...drafted);
  const [, namespace, account] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user) ?? [];
  const subject: YamlMap =
    account === undefined || namespace === undefined
      ? { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: user }
      : { kind: 'ServiceAccount', name: account, namespace };
  const base = objectName(account === undefined ? user : account);
  const objects = scopes.flatMap(({ namespace: scope, rules }) => {
    const kind = scope === null ? 'ClusterRole' : 'Role';
    // Names of cluster roles are one list for all namespaces.
    const name = scope === null && namespace !== undefined ? objectName(`${namespace}.${base}`) : base;
    const metadata = scope === null ? { name } : { name, namespace: scope };
    return [
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata, rules: rules.map(written) },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: `${kind}Binding`,
        metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
        subjects: [subject],
      },
    ];
  });
  return { objects, notes };
}

function written({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: DraftRule): YamlMap {
  return nonResourceURLs.length > 0
    ? { nonResourceURLs, verbs }
    : { apiGroups, resources, ...(resourceNames.length === 0 ? {} : { resourceNames }), verbs };
}

/** Every request that the use stands for, as far as names are known. */
export function requestsOf(use: ApiUse): Request[] {
  const { user, groups, verb, resourceRequest, apiGroup, resource, subresource, namespace, path } = use;
  const names = [...use.names, ...(use.nameless || use.names.length === 0 ? [''] : [])];
  return names.map((name) => ({
    user: { name: user, groups: [...groups] },
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

function withEverybody(asked: Request): Request {
  return { ...asked, user: { ...asked.user, groups: [...(asked.user.groups ?? []), 'system:authenticated'] } };
}

export interface RbacProof {
  readonly allowed: number;
  /** Requests that were allowed once and would not be. */
  readonly refused: readonly string[];
  /** Requests that were refused once and would be allowed. */
  readonly granted: readonly string[];
}

/** Asks the authorizer, which shares no code with the draft, for everything that was seen. */
export function proveRbac(objects: readonly YamlMap[], uses: readonly ApiUse[], includeDenied: boolean): RbacProof {
  const authorizer = authorizerOf([...given, ...objects.map((each) => rbacObject.parse(each))]);
  let allowed = 0;
  const refused: string[] = [];
  const granted: string[] = [];
  for (const use of uses) {
    for (const asked of requestsOf(use)) {
      const answer = authorizer.authorize(withEverybody(asked)).allowed;
      const words = `${wordsOf(use)}${asked.name === '' ? '' : ` ${JSON.stringify(asked.name)}`}`;
      if (use.decision === 'allow' || includeDenied) {
        if (answer) allowed += 1;
        else refused.push(words);
      } else if (answer) granted.push(words);
    }
  }
  return { allowed, refused, granted };
}

export function wordsOf({ verb, resourceRequest, apiGroup, resource, subresource, namespace, path }: ApiUse): string {
  if (!resourceRequest) return `${verb} ${path}`;
  const whole = `${resource}${subresource === '' ? '' : `/${subresource}`}${apiGroup === '' ? '' : `.${apiGroup}`}`;
  return `${verb} ${whole} ${namespace === '' ? 'in all namespaces or none' : `in ${namespace}`}`;
}
