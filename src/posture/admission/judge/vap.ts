/** ValidatingAdmissionPolicies and their bindings (admissionregistration.k8s.io), as the API server reads them. */
import { z } from 'zod';
import { json } from '#kubernetes/json.ts';
import { labelSelector, selects } from '#kubernetes/selectors.ts';
import type { Failing, Judge } from './judge.ts';
import { matches, matchResources } from './match.ts';
import { type Bindings, bindingsOf, celSource, compile, type Run, Unjudgeable } from './program.ts';
import { type AdmissionRequest, labelsOf } from './request.ts';
import { objectsOf, read } from './text.ts';
import { celValue } from './value.ts';

const named = z.object({ name: z.string(), namespace: z.string().nullish() });
const policySchema = z.object({
  metadata: named,
  spec: celSource.extend({
    matchConstraints: matchResources,
    paramKind: z.object({ apiVersion: z.string(), kind: z.string() }).nullish(),
  }),
});
const bindingSchema = z.object({
  metadata: named,
  spec: z.object({
    policyName: z.string(),
    matchResources: matchResources.nullish(),
    validationActions: z.array(z.enum(['Deny', 'Warn', 'Audit'])).min(1),
    paramRef: z
      .object({
        name: z.string().nullish(),
        namespace: z.string().nullish(),
        selector: labelSelector.nullish(),
        parameterNotFoundAction: z.enum(['Allow', 'Deny']).nullish(),
      })
      .nullish(),
  }),
});
type Binding = z.infer<typeof bindingSchema>['spec'];
type Objects = readonly Readonly<Record<string, unknown>>[];

interface Policy {
  readonly name: string;
  readonly spec: z.infer<typeof policySchema>['spec'];
  readonly run: Run;
  readonly bindings: readonly Binding[];
}

/** Other documents may be parameters. Throws `Unjudgeable`. */
export function vapJudge(text: string): Judge {
  const objects = objectsOf(text);
  const of = (kind: string): Objects =>
    objects.filter(
      (each) => each['kind'] === kind && String(each['apiVersion']).startsWith('admissionregistration.k8s.io/'),
    );
  const bindings = of('ValidatingAdmissionPolicyBinding').map((each) => read(bindingSchema, each, 'binding').spec);
  const policies = of('ValidatingAdmissionPolicy').map((each): Policy => {
    const { metadata, spec } = read(policySchema, each, 'policy');
    const { name } = metadata;
    return { name, spec, run: compile(name, spec), bindings: bindings.filter(({ policyName }) => policyName === name) };
  });
  const dangling = bindings.find(({ policyName }) => !policies.some(({ name }) => name === policyName));
  if (dangling !== undefined) throw new Unjudgeable(`a binding names ${dangling.policyName}, which is not there`);
  if (policies.length === 0) throw new Unjudgeable('there is no ValidatingAdmissionPolicy');
  return {
    policies: policies.map(({ name }) => name),
    failings(request) {
      // Policies of admission are not subject to themselves.
      if (/^ValidatingAdmissionPolicy(Binding)?$/.test(request.resource.kind)) return [];
      const values = bindingsOf(request);
      return policies.flatMap((policy) => failingsOf(policy, request, values, objects));
    },
  };
}

function failingsOf(policy: Policy, request: AdmissionRequest, values: Bindings, objects: Objects): Failing[] {
  const { name, spec, run, bindings } = policy;
  if (!matches(spec.matchConstraints, request)) return [];
  // Unbound it does nothing; what it would say is said all the same.
  if (bindings.length === 0) return (run(values) ?? []).map((message) => ({ policy: name, message, actions: [] }));
  return bindings.flatMap((binding) => {
    if (!matches(binding.matchResources ?? {}, request)) return [];
    const actions = binding.validationActions;
    const params = paramsOf(policy, binding, request, objects);
    if (params === null)
      return spec.failurePolicy === 'Ignore'
        ? []
        : [{ policy: name, message: 'its parameters are not there', actions }];
    return params.flatMap((each) =>
      (run({ ...values, params: celValue(each) }) ?? []).map((message) => ({ policy: name, message, actions })),
    );
  });
}

/** One run for each; null where they are missing and must not be. */
function paramsOf(
  { spec }: Policy,
  { paramRef }: Binding,
  request: AdmissionRequest,
  objects: Objects,
): readonly unknown[] | null {
  if (spec.paramKind === null || spec.paramKind === undefined) return [null];
  if (paramRef === null || paramRef === undefined) return [null];
  const { apiVersion, kind } = spec.paramKind;
  const found = objects.filter((each) => {
    const metadata = json(each['metadata']);
    const where = metadata['namespace'];
    return (
      each['apiVersion'] === apiVersion &&
      each['kind'] === kind &&
      (paramRef.name === null || paramRef.name === undefined || metadata['name'] === paramRef.name) &&
      (where === undefined || where === (paramRef.namespace ?? request.namespace)) &&
      selects(paramRef.selector ?? {}, labelsOf(each))
    );
  });
  if (found.length > 0) return found;
  return paramRef.parameterNotFoundAction === 'Allow' ? [] : null;
}
