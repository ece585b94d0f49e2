/** Kyverno's ValidatingPolicy (policies.kyverno.io), and the rules with CEL of its ClusterPolicy (kyverno.io). */
import { z } from 'zod';
import { json } from '#kubernetes/json.ts';
import type { LabelSelector } from '#kubernetes/selectors.ts';
import { clusterPolicies } from './kyverno-cluster.ts';
import type { Action, Failing, Judge } from './judge.ts';
import { matches, matchResources } from './match.ts';
import { type Bindings, bindingsOf, celSource, compile, type Run, Unjudgeable } from './program.ts';
import { type AdmissionRequest } from './request.ts';
import { resourceOf } from './resources.ts';
import { objectsOf, read } from './text.ts';

const policySchema = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string().nullish() }),
  spec: celSource.extend({
    matchConstraints: matchResources,
    validationActions: z.array(z.enum(['Deny', 'Warn', 'Audit'])).nullish(),
    evaluation: z
      .object({ mode: z.string().nullish(), admission: z.object({ enabled: z.boolean().nullish() }).nullish() })
      .nullish(),
    autogen: z.object({ podControllers: z.object({ controllers: z.array(z.string()).nullish() }).nullish() }).nullish(),
  }),
});

export interface Policy {
  readonly name: string;
  failings(request: AdmissionRequest, bindings: Bindings): readonly Failing[];
}

/** Throws `Unjudgeable`, for kinds of Kyverno's that are not understood here, too: exceptions to policies, say. */
export function kyvernoJudge(text: string): Judge {
  const policies = objectsOf(text).flatMap((object): Policy[] => {
    const [group, kind] = [String(object['apiVersion']).split('/')[0] ?? '', String(object['kind'])];
    if (group === 'policies.kyverno.io' && /^(Namespaced)?ValidatingPolicy$/.test(kind)) return [validating(object)];
    if (group === 'kyverno.io' && /^(Cluster)?Policy$/.test(kind)) return clusterPolicies(object);
    if (/(^|\.)kyverno\.io$/.test(group)) throw new Unjudgeable(`${kind} (${group}) is not judged here`);
    return [];
  });
  if (policies.length === 0) throw new Unjudgeable('there is no ValidatingPolicy and no ClusterPolicy');
  return {
    policies: [...new Set(policies.map(({ name }) => name))],
    failings(request) {
      const bindings = bindingsOf(request);
      return policies.flatMap((policy) => policy.failings(request, bindings));
    },
  };
}

function validating(object: Readonly<Record<string, unknown>>): Policy {
  const { metadata, spec } = read(policySchema, object, 'policy');
  const { name, namespace } = metadata;
  if ((spec.evaluation?.mode ?? 'Kubernetes') !== 'Kubernetes')
    throw new Unjudgeable(`${name}: its evaluation mode is ${spec.evaluation?.mode ?? ''}, not Kubernetes`);
  const run = compile(name, spec);
  const actions: readonly Action[] = spec.validationActions ?? ['Deny'];
  const isOff = spec.evaluation?.admission?.enabled === false;
  return {
    name,
    failings(request, bindings) {
      if (isOff || (namespace !== null && namespace !== undefined && namespace !== request.namespace)) return [];
      const messages = matches(spec.matchConstraints, request)
        ? run(bindings)
        : generated(spec, run, request, bindings);
      return (messages ?? []).map((message) => ({ policy: name, message, actions }));
    },
  };
}

const controllers: Readonly<Record<string, readonly string[]>> = {
  deployments: ['spec', 'template'],
  statefulsets: ['spec', 'template'],
  daemonsets: ['spec', 'template'],
  replicasets: ['spec', 'template'],
  jobs: ['spec', 'template'],
  cronjobs: ['spec', 'jobTemplate', 'spec', 'template'],
};

/** A policy about pods alone is asked about templates, too; as about the pod that would be made. */
function generated(
  { matchConstraints, autogen }: z.infer<typeof policySchema>['spec'],
  run: Run,
  request: AdmissionRequest,
  bindings: Bindings,
): readonly string[] | null {
  const { resourceRules, excludeResourceRules, objectSelector } = matchConstraints;
  const rules = resourceRules ?? [];
  const isPods =
    rules.length === 1 &&
    rules[0]?.resources?.join() === 'pods' &&
    (rules[0].resourceNames ?? []).length === 0 &&
    (excludeResourceRules ?? []).length === 0 &&
    isEmpty(objectSelector);
  const path = controllers[request.resource.resource];
  const wanted = autogen?.podControllers?.controllers ?? Object.keys(controllers);
  const resource = resourceOf('v1', 'Pod');
  if (!isPods || path === undefined || resource === null || !wanted.includes(request.resource.resource)) return null;
  if (!isEmpty(matchConstraints.namespaceSelector))
    throw new Error('whether Kyverno makes rules for controllers beside a namespaceSelector depends on its version');
  const podIn = (object: AdmissionRequest['object']): AdmissionRequest['object'] => {
    if (object === null) return null;
    const template = path.reduce<unknown>((at, key) => json(at)[key], object);
    const { metadata, spec } = json(template);
    const { name, namespace } = json(object['metadata']);
    return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, ...json(metadata) }, spec: spec ?? {} };
  };
  const asPod = { ...request, resource, object: podIn(request.object), oldObject: podIn(request.oldObject) };
  if (!matches(matchConstraints, asPod)) return null;
  return run({ ...bindings, ...bindingsOf(asPod), request: bindings['request'] ?? null });
}

function isEmpty(selector: LabelSelector | null | undefined): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length + (selector?.matchExpressions ?? []).length === 0;
}
