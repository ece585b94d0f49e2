/** Roles and bindings with where they stand: of files, or of the API server. */
import { placesIn, documents, type Part } from '#posture/documents.ts';
import { type RbacObject, rbacIn, rbacObject, UnreadableRbac } from '#posture/rbac/objects.ts';
import type { RuleOrigin, UnreadDocument } from '#posture/rbac/report/sarif.ts';
import type { Api } from '../../cluster/api.ts';
import type { FileText } from '../../file-texts.ts';

export interface GrantedObjects {
  readonly objects: readonly RbacObject[];
  readonly unread: readonly UnreadDocument[];
  /** Kinds that say nothing about rights, by number. */
  readonly others: ReadonlyMap<string, number>;
  /** Of a rule of a role that is named as the audit names it; null for a cluster's. */
  readonly originOf: (role: string, index: number) => RuleOrigin | null;
}

interface Place {
  readonly file: string;
  readonly part: Part;
  readonly path: readonly (string | number)[];
}

/** A document that cannot be read says so with its line, and the others are read all the same. */
export function grantedIn(texts: readonly FileText[]): GrantedObjects {
  const objects: RbacObject[] = [];
  const unread: UnreadDocument[] = [];
  const others = new Map<string, number>();
  const places = new Map<string, Place>();
  for (const { file, text } of texts)
    for (const read of documents(text)) {
      if (read.type === 'broken') {
        unread.push({ file, line: read.line, what: read.what });
        continue;
      }
      try {
        for (const { object, path } of rbacIn(read.object, others)) {
          objects.push(object);
          places.set(nameOf(object), { file, part: read.part, path });
        }
      } catch (error) {
        if (!(error instanceof UnreadableRbac)) throw error;
        unread.push({ file, line: read.part.line, what: error.message });
      }
    }
  const lines = new Map<string, ReturnType<typeof placesIn>>();
  return {
    objects,
    unread,
    others,
    originOf(role, index) {
      const place = places.get(role);
      if (place === undefined) return null;
      const lineOf = lines.get(role) ?? placesIn(place.part);
      lines.set(role, lineOf);
      return { file: place.file, line: lineOf([...place.path, 'rules', index]) };
    },
  };
}

function nameOf({ kind, metadata }: RbacObject): string {
  return kind.startsWith('Cluster')
    ? `${kind} ${metadata.name}`
    : `${kind} ${metadata.namespace ?? 'default'}/${metadata.name}`;
}

const root = '/apis/rbac.authorization.k8s.io/v1';
const collections = {
  roles: 'Role',
  rolebindings: 'RoleBinding',
  clusterroles: 'ClusterRole',
  clusterrolebindings: 'ClusterRoleBinding',
} as const;

/** Of all namespaces: bindings of one namespace may be to accounts of another. */
export async function grantedOf(api: Api): Promise<GrantedObjects> {
  const objects: RbacObject[] = [];
  const unread: UnreadDocument[] = [];
  for (const [plural, kind] of Object.entries(collections))
    for (const item of await api.list(`${root}/${plural}`)) {
      const parsed = rbacObject.safeParse({ ...Object(item), kind });
      if (parsed.success) objects.push(parsed.data);
      else {
        const [issue] = parsed.error.issues;
        unread.push({ file: null, line: null, what: `a ${kind}: ${issue?.path.join('.')}: ${issue?.message}` });
      }
    }
  return { objects, unread, others: new Map(), originOf: () => null };
}
