/** Rules for Kyverno: a ValidatingPolicy (policies.kyverno.io/v1), or the older ClusterPolicy (kyverno.io/v1). */
import { type YamlMap, yamlDocument } from '#kubernetes/yaml-text.ts';
import { conditionsOf, variablesOf } from '../rule/conditions.ts';
import type { Rule, Target } from '../rule/rule.ts';
import { headOf, nameOf } from './head.ts';
import { constraintsOf, expressionOf, type Stage } from './vap.ts';

export function writeKyverno(rule: Rule, stage: Stage): string {
  const policy: YamlMap = {
    apiVersion: 'policies.kyverno.io/v1',
    kind: 'ValidatingPolicy',
    metadata: { name: nameOf(rule) },
    spec: {
      validationActions: [stage === 'watch' ? 'Audit' : 'Deny'],
      failurePolicy: 'Fail',
      evaluation: { admission: { enabled: true }, background: { enabled: true } },
      // Controllers are named below: nothing is to be made up from a rule about pods.
      autogen: { podControllers: { controllers: [] } },
      matchConstraints: constraintsOf(rule),
      matchConditions: conditionsOf(rule).map(expressionOf),
      variables: variablesOf(rule).map(expressionOf),
      validations: [{ expression: rule.holds.cel, message: rule.message, reason: 'Invalid' }],
    },
  };
  return yamlDocument(headOf(rule), policy);
}

export function writeKyvernoCluster(rule: Rule, stage: Stage): string {
  const { scope } = rule;
  // Kyverno refuses a policy with a kind that the API server does not have.
  const targets = rule.targets.filter(({ subresource }) => subresource !== 'resize');
  const taken: YamlMap = { kinds: targets.map(kindOf), operations: ['CREATE', 'UPDATE'] };
  const only: YamlMap = 'only' in scope ? { namespaces: [...scope.only] } : {};
  const except = 'except' in scope ? scope.except : [];
  const policy: YamlMap = {
    apiVersion: 'kyverno.io/v1',
    kind: 'ClusterPolicy',
    metadata: {
      name: nameOf(rule),
      annotations: { 'pod-policies.kyverno.io/autogen-controllers': 'none' },
    },
    spec: {
      failurePolicy: 'Fail',
      background: true,
      rules: [
        {
          name: rule.id.slice(0, 63),
          match: { any: [{ resources: { ...taken, ...only } }] },
          exclude: except.length === 0 ? undefined : { any: [{ resources: { namespaces: [...except] } }] },
          celPreconditions: conditionsOf(rule).map(expressionOf),
          validate: {
            failureAction: stage === 'watch' ? 'Audit' : 'Enforce',
            cel: {
              variables: variablesOf(rule).map(expressionOf),
              expressions: [{ expression: rule.holds.cel, message: rule.message }],
            },
          },
        },
      ],
    },
  };
  const unasked =
    targets.length < rule.targets.length
      ? ['who resizes a pod in place is not asked: this form takes pods/resize on Kubernetes 1.33 and later alone']
      : [];
  return yamlDocument([...headOf(rule), ...unasked], policy);
}

/** `apps/v1/Deployment`, `v1/Pod`, `v1/Pod/ephemeralcontainers`. */
function kindOf({ group, version, kind, subresource }: Target): string {
  const full = `${group === '' ? '' : `${group}/`}${version}/${kind}`;
  return subresource === undefined ? full : `${full}/${subresource}`;
}
