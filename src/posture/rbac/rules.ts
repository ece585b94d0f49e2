/** One rule against one request, and rules against rules, as Kubernetes reads them (pkg/apis/rbac/v1 evaluation helpers). */
import { type Request, type Rule, wholeResource } from './request.ts';

const any = '*';

export function matches(rule: Rule, asked: Request): boolean {
  if (!verbMatches(rule, asked.verb)) return false;
  if (!asked.resourceRequest) return (rule.nonResourceURLs ?? []).some((owner) => pathCovers(owner, asked.path));
  return (
    has(rule.apiGroups, asked.apiGroup) &&
    resourceMatches(rule.resources ?? [], wholeResource(asked), asked.subresource) &&
    nameMatches(rule, asked.name)
  );
}

function verbMatches({ verbs }: Rule, verb: string): boolean {
  return verbs.some((each) => each === any || each === verb);
}

function has(list: readonly string[] | null | undefined, value: string): boolean {
  return (list ?? []).some((each) => each === any || each === value);
}

/** `pods` does not stand for `pods/status`; a star before a subresource stands for every resource that has it. */
function resourceMatches(resources: readonly string[], whole: string, subresource: string): boolean {
  return resources.some(
    (each) => each === any || each === whole || (subresource !== '' && each === `*/${subresource}`),
  );
}

function nameMatches({ resourceNames }: Rule, name: string): boolean {
  const names = resourceNames ?? [];
  return names.length === 0 || names.includes(name);
}

/** A `*` at the end stands for whatever follows, and several do as one. */
export function pathCovers(owner: string, path: string): boolean {
  if (owner === any || owner === path) return true;
  return owner.endsWith(any) && path.startsWith(owner.replace(/\*+$/, ''));
}

/** Rules that say one thing each: one verb, one group, one resource, one name at most; or one verb and one path. */
export function atoms(rules: readonly Rule[]): Rule[] {
  return rules.flatMap(({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }) => {
    const names = resourceNames ?? [];
    const of = (apiGroup: string, resource: string, verb: string): Rule[] =>
      names.length === 0
        ? [{ verbs: [verb], apiGroups: [apiGroup], resources: [resource] }]
        : names.map((name) => ({ verbs: [verb], apiGroups: [apiGroup], resources: [resource], resourceNames: [name] }));
    return [
      ...(apiGroups ?? []).flatMap((group) =>
        (resources ?? []).flatMap((resource) => verbs.flatMap((verb) => of(group, resource, verb))),
      ),
      ...(nonResourceURLs ?? []).flatMap((path) =>
        verbs.map((verb): Rule => ({ verbs: [verb], nonResourceURLs: [path] })),
      ),
    ];
  });
}

/** Atoms of the servant's rules that none of the owner's rules holds; empty when all are covered. */
export function uncovered(owner: readonly Rule[], servant: readonly Rule[]): Rule[] {
  const own = atoms(owner);
  return atoms(servant).filter((each) => !own.some((one) => covers(one, each)));
}

/** Of two atoms. */
function covers(owner: Rule, servant: Rule): boolean {
  const [verb = ''] = servant.verbs;
  if (!verbMatches(owner, verb)) return false;
  const [path] = servant.nonResourceURLs ?? [];
  if (path !== undefined) return (owner.nonResourceURLs ?? []).some((each) => pathCovers(each, path));
  const [group = ''] = servant.apiGroups ?? [];
  const [resource = ''] = servant.resources ?? [];
  const [, subresource = ''] = resource.split('/');
  const names = servant.resourceNames ?? [];
  return (
    has(owner.apiGroups, group) &&
    resourceMatches(owner.resources ?? [], resource, subresource) &&
    ((owner.resourceNames ?? []).length === 0 || (names.length > 0 && names.every((name) => nameMatches(owner, name))))
  );
}
