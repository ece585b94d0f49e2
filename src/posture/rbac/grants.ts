/** Bindings with the rules of their roles: what is granted to whom, and where. */
import { selects } from '#kubernetes/selectors.ts';
import type { RbacObject, Subject } from './objects.ts';
import type { Rule } from './request.ts';

export interface Grant {
  /** `RoleBinding shop/readers`. */
  readonly binding: string;
  /** Null: in every namespace, and what is in none. */
  readonly namespace: string | null;
  /** The namespace of a service account is filled in. */
  readonly subjects: readonly Subject[];
  /** `ClusterRole view`. */
  readonly role: string;
  readonly rules: readonly Rule[];
  /** Both carry the label of Kubernetes' own defaults: anybody can write it. */
  readonly labelledDefault: boolean;
}

export interface Granted {
  readonly grants: readonly Grant[];
  /** Bindings whose role nobody knows: they give nothing. */
  readonly dangling: readonly string[];
  /** Roles that select others by labels that no role here carries: what they give is written by a controller. */
  readonly openAggregations: readonly string[];
}

type ClusterRole = Extract<RbacObject, { kind: 'ClusterRole' }>;

export function grantsOf(objects: readonly RbacObject[]): Granted {
  const aggregation = aggregating(objects);
  const roles = new Map<string, { readonly rules: readonly Rule[]; readonly labelled: boolean }>();
  for (const each of objects) {
    const labelled = isLabelled(each);
    if (each.kind === 'Role')
      roles.set(`Role ${each.metadata.namespace ?? 'default'}/${each.metadata.name}`, {
        rules: each.rules ?? [],
        labelled,
      });
    if (each.kind === 'ClusterRole')
      roles.set(`ClusterRole ${each.metadata.name}`, { rules: aggregation.rules(each), labelled });
  }
  const dangling: string[] = [];
  const grants = objects.flatMap((each): Grant[] => {
    if (each.kind !== 'RoleBinding' && each.kind !== 'ClusterRoleBinding') return [];
    const namespace = each.kind === 'RoleBinding' ? (each.metadata.namespace ?? 'default') : null;
    const binding = `${each.kind} ${namespace === null ? '' : `${namespace}/`}${each.metadata.name}`;
    const role =
      each.roleRef.kind === 'Role' ? `Role ${namespace}/${each.roleRef.name}` : `ClusterRole ${each.roleRef.name}`;
    const known = roles.get(role);
    if (known === undefined) {
      dangling.push(`${binding}: there is no ${role}`);
      return [];
    }
    const subjects = (each.subjects ?? []).map((subject) => inNamespace(subject, namespace));
    const labelledDefault = known.labelled && isLabelled(each);
    return [{ binding, namespace, subjects, role, rules: known.rules, labelledDefault }];
  });
  return { grants, dangling, openAggregations: aggregation.open };
}

function inNamespace(subject: Subject, own: string | null): Subject {
  if (subject.kind !== 'ServiceAccount' || subject.namespace !== undefined || own === null) return subject;
  return { ...subject, namespace: own };
}

function isLabelled({ metadata }: RbacObject): boolean {
  return metadata.labels?.['kubernetes.io/bootstrapping'] === 'rbac-defaults';
}

/**
 * Of an aggregated role the rules of those that it selects, and of those that they select; its own are the controller's to
 * write. Where it selects none of what was read, what the controller wrote is all that is known.
 */
function aggregating(objects: readonly RbacObject[]) {
  const all = objects.filter((each): each is ClusterRole => each.kind === 'ClusterRole');
  const open: string[] = [];
  function rules(given: ClusterRole, above: readonly ClusterRole[] = []): readonly Rule[] {
    const selectors = given.aggregationRule?.clusterRoleSelectors ?? [];
    if (selectors.length === 0) return given.rules ?? [];
    const chosen = all.filter(
      (each) =>
        each !== given &&
        !above.includes(each) &&
        selectors.some((selector) => selects(selector, each.metadata.labels ?? {})),
    );
    if (chosen.length > 0) return chosen.flatMap((each) => rules(each, [...above, given]));
    if (above.length === 0)
      open.push(`ClusterRole ${given.metadata.name} selects others by labels that no role here carries`);
    return given.rules ?? [];
  }
  return { rules, open };
}
