/** Rules as ValidatingAdmissionPolicies (admissionregistration.k8s.io/v1) with their bindings. */
import { type YamlMap, yamlDocument } from '#kubernetes/yaml-text.ts';
import type { Named } from '../rule/conditions.ts';
import { conditionsOf, variablesOf } from '../rule/conditions.ts';
import type { Rule, Scope, Target } from '../rule/rule.ts';
import { headOf, nameOf } from './head.ts';

export type Stage = 'watch' | 'enforce';

export function writeVap(rule: Rule, stage: Stage): string {
  const name = nameOf(rule);
  const policy: YamlMap = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: constraintsOf(rule),
      matchConditions: conditionsOf(rule).map(expressionOf),
      variables: variablesOf(rule).map(expressionOf),
      validations: [{ expression: rule.holds.cel, message: rule.message, reason: 'Invalid' }],
    },
  };
  const binding: YamlMap = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name },
    spec: { policyName: name, validationActions: stage === 'watch' ? ['Audit', 'Warn'] : ['Deny', 'Audit'] },
  };
  return `${yamlDocument(headOf(rule), policy)}${yamlDocument([], binding)}`;
}

export function expressionOf({ name, expression }: Named): YamlMap {
  return { name, expression: expression.cel };
}

/** Of a ValidatingAdmissionPolicy, and of Kyverno's ValidatingPolicy. */
export function constraintsOf({ targets, scope }: Rule): YamlMap {
  const byGroup = Map.groupBy(targets, ({ group, version, subresource }) =>
    JSON.stringify([group, version, subresource !== undefined]),
  );
  return {
    resourceRules: [...byGroup.values()].flatMap((own) => (own[0] === undefined ? [] : [ruleOf(own[0], own)])),
    namespaceSelector: selectorOf(scope),
  };
}

function ruleOf({ group, version, subresource }: Target, targets: readonly Target[]): YamlMap {
  return {
    apiGroups: [group],
    apiVersions: [version],
    operations: subresource === undefined ? ['CREATE', 'UPDATE'] : ['UPDATE'],
    resources: targets.map((each) =>
      each.subresource === undefined ? each.resource : `${each.resource}/${each.subresource}`,
    ),
  };
}

/** By the label that an API server puts on every namespace. */
export function selectorOf(scope: Scope): YamlMap | undefined {
  const [operator, values] = 'only' in scope ? ['In', scope.only] : ['NotIn', scope.except];
  if (values.length === 0 && operator === 'NotIn') return undefined;
  return { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator, values: [...values] }] };
}
