/** Kyverno's ClusterPolicy and Policy, as far as their rules are CEL: the rest has a language of its own. */
import { z } from 'zod';
import { labelSelector } from '#kubernetes/selectors.ts';
import { globMatches } from './globs.ts';
import type { Action } from './judge.ts';
import type { Policy } from './kyverno.ts';
import { inNamespaces, isSelected } from './match.ts';
import { compile, Unjudgeable } from './program.ts';
import type { AdmissionRequest } from './request.ts';
import { read } from './text.ts';

const strings = z.array(z.string()).nullish();
const resources = z.strictObject({
  kinds: strings,
  name: z.string().nullish(),
  names: strings,
  namespaces: strings,
  operations: strings,
  selector: labelSelector.nullish(),
  namespaceSelector: labelSelector.nullish(),
});
// Users and roles are not understood here, and so refused.
const filter = z.strictObject({ resources: resources.nullish() });
const filters = z.strictObject({
  any: z.array(filter).nullish(),
  all: z.array(filter).nullish(),
  resources: resources.nullish(),
});
const named = z.array(z.object({ name: z.string(), expression: z.string() })).nullish();
const action = z
  .string()
  .regex(/^(audit|enforce)$/i)
  .nullish();
const rule = z.strictObject({
  name: z.string(),
  match: filters,
  exclude: filters.nullish(),
  celPreconditions: named,
  skipBackgroundRequests: z.boolean().nullish(),
  validate: z.strictObject({
    failureAction: action,
    message: z.string().nullish(),
    cel: z.object({
      expressions: z.array(
        z.object({ expression: z.string(), message: z.string().nullish(), messageExpression: z.string().nullish() }),
      ),
      variables: named,
      paramKind: z.undefined().optional(),
    }),
  }),
});
const policySchema = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string().nullish() }),
  spec: z.object({
    validationFailureAction: action,
    failurePolicy: z.enum(['Fail', 'Ignore']).nullish(),
    rules: z.array(rule).min(1),
  }),
});
type Filters = z.infer<typeof filters>;
type Resources = z.infer<typeof resources>;

/** One for each rule, under the policy's name. Throws `Unjudgeable`. */
export function clusterPolicies(object: Readonly<Record<string, unknown>>): Policy[] {
  substituted(object);
  const { metadata, spec } = read(policySchema, object, 'policy');
  const { name, namespace } = metadata;
  return spec.rules.map(({ match, exclude, celPreconditions, validate }): Policy => {
    const run = compile(name, {
      failurePolicy: spec.failurePolicy,
      matchConditions: celPreconditions,
      variables: validate.cel.variables,
      validations: validate.cel.expressions.map((each) => ({ ...each, message: each.message ?? validate.message })),
    });
    const word = (validate.failureAction ?? spec.validationFailureAction ?? 'Audit').toLowerCase();
    const actions: readonly Action[] = [word === 'enforce' ? 'Deny' : 'Audit'];
    return {
      name,
      failings(request, bindings) {
        const isOther = namespace !== null && namespace !== undefined && namespace !== request.namespace;
        if (isOther || !fits(match, request) || (hasFilters(exclude) && fits(exclude, request))) return [];
        return (run(bindings) ?? []).map((message) => ({ policy: name, message, actions }));
      },
    };
  });
}

/** Before anything else Kyverno replaces variables in all strings: what would be replaced is not what stands there. */
function substituted(value: unknown): void {
  if (typeof value === 'string') {
    if (/\{\{|\$\(/.test(value))
      throw new Unjudgeable(`${JSON.stringify(value.slice(0, 60))} holds a variable of Kyverno's`);
  } else if (typeof value === 'object' && value !== null)
    for (const [key, each] of Object.entries(value)) for (const part of [key, each]) substituted(part);
}

function hasFilters(own: Filters | null | undefined): own is Filters {
  return (
    own !== null &&
    own !== undefined &&
    [own.any, own.all, own.resources].some((each) => each !== null && each !== undefined)
  );
}

function fits({ any, all, resources: one }: Filters, request: AdmissionRequest): boolean {
  const takes = (each: { resources?: Resources | null | undefined }): boolean => taken(each.resources ?? {}, request);
  return (
    ((any ?? []).length === 0 || (any ?? []).some(takes)) &&
    (all ?? []).every(takes) &&
    (one === null || one === undefined || taken(one, request))
  );
}

function taken(own: Resources, request: AdmissionRequest): boolean {
  const listed = (list: readonly string[] | null | undefined, value: string): boolean =>
    (list ?? []).length === 0 || (list ?? []).some((each) => globMatches(each, value, true));
  const { resource, name, operation } = request;
  const kinds = own.kinds ?? [];
  const operations = own.operations ?? ['CREATE', 'UPDATE'];
  return (
    (kinds.length === 0 || kinds.some((each) => isKind(each, request))) &&
    listed(own.names, name) &&
    listed(own.name === null || own.name === undefined ? [] : [own.name], name) &&
    listed(own.namespaces, resource.kind === 'Namespace' ? name : request.namespace) &&
    operations.includes(operation) &&
    isSelected(own.selector ?? {}, request) &&
    inNamespaces(own.namespaceSelector ?? {}, request)
  );
}

/** `Pod`, `v1/Pod`, `apps/v1/Deployment`, `Pod/ephemeralcontainers`, each part with `*`. */
function isKind(text: string, { resource, subresource }: AdmissionRequest): boolean {
  const parts = text.split('/');
  const isVersion = (part: string | undefined): boolean =>
    part !== undefined && /^(\*|v\d+((alpha|beta)\d+)?)$/.test(part);
  const hasGroup = parts.length > 2 && isVersion(parts[1]);
  const at = hasGroup ? 2 : parts.length > 1 && isVersion(parts[0]) ? 1 : 0;
  const [group, version] = hasGroup ? parts : ['*', at === 1 ? parts[0] : '*'];
  const kind = parts[at] ?? '*';
  return (
    globMatches(kind, resource.kind, true) &&
    globMatches(group ?? '*', resource.group, true) &&
    globMatches(version ?? '*', resource.version, true) &&
    globMatches(parts[at + 1] ?? '', subresource, true)
  );
}
