/** Roles and bindings, as an API server takes them (rbac.authorization.k8s.io/v1). Throws `UnreadableRbac` with the path. */
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { labelSelector } from '#kubernetes/selectors.ts';
import { rule, type Rule } from './request.ts';

export class UnreadableRbac extends Error {}

// Null and empty are none, as to an API server.
const namespace = z
  .string()
  .nullish()
  .transform((value) => (value === '' ? undefined : (value ?? undefined)))
  .optional();
const metadata = z.looseObject({
  name: z.string(),
  namespace,
  labels: z.record(z.string(), z.string()).nullish(),
});
const rules = z.array(rule).nullish();

const subject = z.looseObject({ kind: z.string(), name: z.string(), namespace });
const roleRef = z.looseObject({ kind: z.string(), name: z.string() });

/** The shape alone; what else an API server wants is `refusedBy`. */
export const rbacObject = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('Role'), metadata, rules }),
  z.looseObject({
    kind: z.literal('ClusterRole'),
    metadata,
    rules,
    aggregationRule: z.looseObject({ clusterRoleSelectors: z.array(labelSelector).nullish() }).nullish(),
  }),
  z.looseObject({ kind: z.literal('RoleBinding'), metadata, subjects: z.array(subject).nullish(), roleRef }),
  z.looseObject({ kind: z.literal('ClusterRoleBinding'), metadata, subjects: z.array(subject).nullish(), roleRef }),
]);

export type RbacObject = Readonly<z.infer<typeof rbacObject>>;
export type Subject = Readonly<z.infer<typeof subject>>;

const kinds = ['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'];

export interface ReadObjects {
  readonly objects: readonly RbacObject[];
  /** Kinds that say nothing about rights, by number. */
  readonly others: ReadonlyMap<string, number>;
}

export interface FoundObject {
  readonly object: RbacObject;
  /** From the document down to it. */
  readonly path: readonly (string | number)[];
}

/** A YAML or JSON text: documents, lists, or typed lists. */
export function readRbac(text: string): ReadObjects {
  const objects: RbacObject[] = [];
  const others = new Map<string, number>();
  const documents = [...parseAllDocuments(text)];
  for (const [at, document] of documents.entries()) {
    const where = documents.length > 1 ? `documents[${at}]` : '';
    const [fault] = 'errors' in document ? document.errors : [];
    if (fault !== undefined) throw new UnreadableRbac(placed([where], `not YAML: ${fault.message.split('\n')[0]}`));
    objects.push(...rbacIn(document.toJS() as unknown, others, where).map(({ object }) => object));
  }
  return { objects, others };
}

/** Of one document; counts what is none in `others`. Throws `UnreadableRbac`. */
export function rbacIn(given: unknown, others: Map<string, number>, document = ''): readonly FoundObject[] {
  return found(given, others, document === '' ? [] : [document], []);
}

function found(
  given: unknown,
  others: Map<string, number>,
  where: readonly string[],
  path: readonly (string | number)[],
): readonly FoundObject[] {
  if (given === null || given === undefined) return [];
  const { kind, items } = given as { kind?: unknown; items?: unknown };
  if (Array.isArray(items) && typeof kind === 'string' && kind.endsWith('List')) {
    const own = kind === 'List' ? {} : { kind: kind.slice(0, -4) };
    return items.flatMap((each, at) =>
      found({ ...own, ...(each as object) }, others, [...where, `items[${at}]`], [...path, 'items', at]),
    );
  }
  if (typeof kind !== 'string') throw new UnreadableRbac(placed(where, 'not an object of an API server'));
  if (!kinds.includes(kind)) {
    others.set(kind, (others.get(kind) ?? 0) + 1);
    return [];
  }
  const parsed = rbacObject.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UnreadableRbac(`${[...where, ...(issue?.path ?? [])].join('.')}: ${issue?.message}`);
  }
  const broken = refusedBy(parsed.data);
  if (broken !== null) throw new UnreadableRbac(placed(where, broken));
  return [{ object: parsed.data, path }];
}

function placed(where: readonly string[], what: string): string {
  const place = where.filter((part) => part !== '').join('.');
  return place === '' ? what : `${place}: ${what}`;
}

/** What an API server refuses beyond the shape (pkg/apis/rbac/validation); null when nothing. */
export function refusedBy(given: RbacObject): string | null {
  const name = `${given.kind} ${given.metadata.name}`;
  if (given.kind === 'RoleBinding' || given.kind === 'ClusterRoleBinding') {
    const wanted = given.kind === 'ClusterRoleBinding' ? ['ClusterRole'] : ['Role', 'ClusterRole'];
    if (!wanted.includes(given.roleRef.kind))
      return `${name}: roleRef is to a ${given.roleRef.kind}, not to a ${wanted.join(' or ')}`;
    const homeless = (given.subjects ?? []).findIndex(
      (each) => each.kind === 'ServiceAccount' && each.namespace === undefined,
    );
    return given.kind === 'RoleBinding' || homeless < 0 ? null : `${name}: subjects[${homeless}].namespace: is needed`;
  }
  for (const [at, each] of (given.rules ?? []).entries()) {
    const where = `${name}: rules[${at}]`;
    if (each.verbs.length === 0) return `${where}.verbs: must contain at least one value`;
    const paths = each.nonResourceURLs ?? [];
    if (paths.length > 0) {
      if (given.kind === 'Role') return `${where}.nonResourceURLs: namespaced rules cannot apply to non-resource URLs`;
      if ((each.apiGroups ?? []).length + (each.resources ?? []).length + (each.resourceNames ?? []).length > 0)
        return `${where}.nonResourceURLs: rules cannot apply to both regular resources and non-resource URLs`;
      continue;
    }
    if ((each.apiGroups ?? []).length === 0)
      return `${where}.apiGroups: resource rules must supply at least one api group`;
    if ((each.resources ?? []).length === 0)
      return `${where}.resources: resource rules must supply at least one resource`;
  }
  return null;
}

export type { Rule };
