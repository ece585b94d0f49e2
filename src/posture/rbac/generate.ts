/** Rights that were used → the smallest roles that hold them, and bindings to who used them. */
import { type ApiUse, serviceAccountOf } from '#kubernetes/api-use.ts';
import type { YamlMap } from '#kubernetes/yaml-text.ts';
import { objectName } from '#kubernetes/names.ts';
import { authorizerOf } from './authorizer.ts';
import { draftRules, type DraftRule } from './draft.ts';
import { everybodys } from './everybody.ts';
import { settled } from './settle.ts';
import { requestsOf, timesOf, wordsOf } from './uses.ts';
import { widenedForInformers } from './widen.ts';

export interface RbacOptions {
  /** Up to so many names of one resource become resourceNames. */
  readonly maxNames: number;
  /** Refused requests count as needed, too. */
  readonly includeDenied: boolean;
  /** Who lists may watch, and the reverse. */
  readonly widenInformers?: boolean;
}

/** A service account is a user. */
export interface RbacSubject {
  readonly type: 'user' | 'group';
  readonly name: string;
}

export interface GeneratedRbac {
  readonly objects: readonly YamlMap[];
  readonly notes: readonly string[];
  /** What the objects must allow, and what they must not. */
  readonly needed: readonly ApiUse[];
  readonly refusals: readonly ApiUse[];
}

const group = 'rbac.authorization.k8s.io';

/** Uses are those of the user, or of the members of the group. */
export function generateRbac(subject: RbacSubject, uses: readonly ApiUse[], options: RbacOptions): GeneratedRbac {
  const everybody = authorizerOf(everybodys);
  const allowed = uses.filter(({ decision }) => decision === 'allow' || options.includeDenied);
  const { refusals, ...kept } = settled(
    allowed,
    uses.filter((use) => !allowed.includes(use)),
  );
  const notes = [
    ...refusals.map((use) => `was refused and is not granted: ${wordsOf(use)}${timesOf(use)}`),
    ...kept.notes,
  ];
  const own = kept.needed.filter((use) => !requestsOf(use).every((each) => everybody.authorize(each).allowed));
  const widened = options.widenInformers === true ? widenedForInformers(own, refusals) : { uses: own, notes: [] };
  const drafted = draftRules(widened.uses, refusals, { maxNames: options.maxNames });
  notes.push(...widened.notes, ...drafted.notes);
  const { name, namespace, written } = subjectOf(subject);
  const objects = drafted.scopes.flatMap(({ namespace: scope, rules }) => {
    const kind = scope === null ? 'ClusterRole' : 'Role';
    // Names of cluster roles are one list for all namespaces.
    const role = scope === null && namespace !== null ? objectName(`${namespace}.${name}`) : name;
    const metadata = scope === null ? { name: role } : { name: role, namespace: scope };
    return [
      { apiVersion: `${group}/v1`, kind, metadata, rules: rules.map(writtenRule) },
      {
        apiVersion: `${group}/v1`,
        kind: `${kind}Binding`,
        metadata,
        roleRef: { apiGroup: group, kind, name: role },
        subjects: [written],
      },
    ];
  });
  return { objects, notes, needed: kept.needed, refusals };
}

/** How a binding names it, and after what its objects are called. */
function subjectOf({ type, name }: RbacSubject): { name: string; namespace: string | null; written: YamlMap } {
  const account = type === 'user' ? serviceAccountOf(name) : null;
  if (account !== null)
    return {
      name: objectName(account.name),
      namespace: account.namespace,
      written: { kind: 'ServiceAccount', ...account },
    };
  const kind = type === 'user' ? 'User' : 'Group';
  return { name: objectName(name), namespace: null, written: { kind, apiGroup: group, name } };
}

export function writtenRule({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: DraftRule): YamlMap {
  return nonResourceURLs.length > 0
    ? { nonResourceURLs, verbs }
    : { apiGroups, resources, ...(resourceNames.length === 0 ? {} : { resourceNames }), verbs };
}
