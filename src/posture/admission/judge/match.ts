/** Which requests rules of resources and selectors take: `matchConstraints` and `matchResources` of admissionregistration. */
import { z } from 'zod';
import { labelSelector, selects, type LabelSelector } from '#kubernetes/selectors.ts';
import { type AdmissionRequest, labelsOf } from './request.ts';

const strings = z.array(z.string()).nullish();
const resourceRule = z.object({
  operations: strings,
  apiGroups: strings,
  apiVersions: strings,
  resources: strings,
  resourceNames: strings,
  scope: z.enum(['*', 'Cluster', 'Namespaced']).nullish(),
});
export const matchResources = z.object({
  resourceRules: z.array(resourceRule).nullish(),
  excludeResourceRules: z.array(resourceRule).nullish(),
  namespaceSelector: labelSelector.nullish(),
  objectSelector: labelSelector.nullish(),
  matchPolicy: z.enum(['Exact', 'Equivalent']).nullish(),
});
export type MatchResources = z.infer<typeof matchResources>;
type ResourceRule = z.infer<typeof resourceRule>;

/** Without rules of resources everything matches that the selectors take. Throws where an object would be converted first. */
export function matches(constraints: MatchResources, request: AdmissionRequest): boolean {
  const { resourceRules, excludeResourceRules, namespaceSelector, objectSelector, matchPolicy } = constraints;
  if (!inNamespaces(namespaceSelector ?? {}, request) || !isSelected(objectSelector ?? {}, request)) return false;
  const isListed = (rules: readonly ResourceRule[]): boolean => {
    if (rules.some((rule) => takes(rule, request))) return true;
    if (matchPolicy !== 'Exact' && rules.some((rule) => takes({ ...rule, apiVersions: ['*'] }, request)))
      throw new Error(
        `the policy is about another version of ${request.resource.resource}: an API server that serves both converts the object, unless matchPolicy is Exact`,
      );
    return false;
  };
  const rules = resourceRules ?? [];
  return !isListed(excludeResourceRules ?? []) && (rules.length === 0 || isListed(rules));
}

function takes(rule: ResourceRule, { operation, resource, subresource, name, namespace }: AdmissionRequest): boolean {
  const has = (list: readonly string[] | null | undefined, value: string): boolean =>
    (list ?? []).some((each) => each === '*' || each === value);
  const isScoped =
    (rule.scope ?? '*') === '*' || (rule.scope === 'Namespaced') === (namespace !== '' && resource.namespaced);
  return (
    isScoped &&
    has(rule.operations, operation) &&
    has(rule.apiGroups, resource.group) &&
    has(rule.apiVersions, resource.version) &&
    (rule.resources ?? []).some((each) => {
      const [main = '', sub = ''] = each.split('/');
      return (main === '*' || main === resource.resource) && (sub === '*' || sub === subresource);
    }) &&
    ((rule.resourceNames ?? []).length === 0 || (rule.resourceNames ?? []).includes(name))
  );
}

/** A namespace goes by its own labels, other objects of the cluster are always in. */
export function inNamespaces(selector: LabelSelector, request: AdmissionRequest): boolean {
  const { resource, object, oldObject, namespaceLabels, name } = request;
  if (resource.group === '' && resource.kind === 'Namespace')
    return selects(selector, { ...labelsOf(object ?? oldObject), 'kubernetes.io/metadata.name': name });
  return namespaceLabels === null || selects(selector, namespaceLabels);
}

/** Of the object or of the one that was there before. */
export function isSelected(selector: LabelSelector, { object, oldObject }: AdmissionRequest): boolean {
  return [object, oldObject].some((each) => each !== null && selects(selector, labelsOf(each)));
}
