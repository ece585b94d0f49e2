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
  metadata: z.object({
    name: z.string(),
    namespace: z.string().nullish(),
    annotations: z.record(z.string(), z.string()).nullish(),
  }),
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
  const { name, namespace, annotations } = metadata;
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
        if (makesRules(annotations ?? {}, spec.rules, request))
          throw new Error(`Kyverno makes rules for controllers of ${name} (${annotation}), which are not judged here`);
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

/** `Pod`, `v1/Pod`, `apps/v1/Deployment`, `Pod/status`, `Pod.status`, each part with `*`. A pod's debug containers are of it. */
function isKind(text: string, { resource, subresource }: AdmissionRequest): boolean {
  const [group, version, kind, sub] = partsOf(text.replace(/\.(?=[^/.]*$)/, '/').split('/'));
  return (
    globMatches(kind, resource.kind, true) &&
    globMatches(group, resource.group, true) &&
    globMatches(version, resource.version, true) &&
    (globMatches(sub, subresource, true) ||
      (subresource === 'ephemeralcontainers' && resource.kind === 'Pod' && resource.group === ''))
  );
}

type Parts = readonly [group: string, version: string, kind: string, subresource: string];

function partsOf(parts: readonly string[]): Parts {
  const [a = '', b = '', c = '', d = ''] = parts;
  const isVersion = /^(\*|v\d+((alpha|beta)\d+)?)$/.test(a);
  switch (parts.length) {
    case 1:
      return ['*', '*', a, ''];
    case 2:
      if (a === '*' && b === '*') return ['*', '*', '*', '*'];
      // Kinds begin with a capital, subresources do not.
      return isVersion && !(a === '*' && b === b.toLowerCase()) ? ['*', a, b, ''] : ['*', '*', a, b];
    case 3:
      return isVersion ? ['*', a, b, c] : [a, b, c, ''];
    default:
      return [a, b, c, d];
  }
}

const annotation = 'pod-policies.kyverno.io/autogen-controllers';
const controllers = new Set('DaemonSet Deployment Job StatefulSet ReplicaSet ReplicationController CronJob'.split(' '));

/**
 * Kyverno replaces words in the expressions of a policy about pods, and asks the outcome about templates: nobody does that
 * here. By default for all controllers, else for those of the annotation; never beside names and selectors.
 */
function makesRules(
  annotations: Readonly<Record<string, string>>,
  rules: readonly z.infer<typeof rule>[],
  { resource: { kind } }: AdmissionRequest,
): boolean {
  const wanted = annotations[annotation];
  if (!controllers.has(kind) || (wanted !== undefined && !wanted.split(',').includes(kind))) return false;
  const all = rules.flatMap(({ match, exclude }) => [...resourcesOf(match), ...resourcesOf(exclude ?? {})]);
  const isPlain = all.every(
    ({ name, names, selector }) => (name ?? '') === '' && (names ?? []).length === 0 && (selector ?? null) === null,
  );
  return (
    isPlain &&
    rules.some(({ match }) => resourcesOf(match).some(({ kinds }) => /^(v1\/)?Pod$/.test((kinds ?? []).join())))
  );
}

function resourcesOf({ any, all, resources: one }: Filters): Resources[] {
  return [...(any ?? []), ...(all ?? []), { resources: one }].flatMap((each) => each.resources ?? []);
}
