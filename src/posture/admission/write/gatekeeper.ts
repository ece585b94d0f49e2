/** Rules for Gatekeeper: a ConstraintTemplate (templates.gatekeeper.sh/v1, CEL) and its Constraint. */
import { type YamlMap, yamlDocument } from '#kubernetes/yaml-text.ts';
import { all, cel } from '../rule/cel.ts';
import { conditionsOf, variablesOf } from '../rule/conditions.ts';
import type { Rule, Scope } from '../rule/rule.ts';
import { headOf, nameOf } from './head.ts';
import { regoOf } from './rego.ts';
import { expressionOf, type Stage } from './vap.ts';

/** `rego`: besides, for servers that run no CEL. It is translated from the CEL, and not run where it is written. */
export function writeGatekeeper(rule: Rule, stage: Stage, rego = false): string {
  const kind = kindOf(rule);
  const fallback: YamlMap[] = rego
    ? [
        {
          engine: 'Rego',
          source: { rego: regoOf(kind.toLowerCase(), conditionsOf(rule), rule.holds.cel, rule.message) },
        },
      ]
    : [];
  const applies = all([cel`object != null`, ...conditionsOf(rule).map(({ expression }) => expression)]);
  const template: YamlMap = {
    apiVersion: 'templates.gatekeeper.sh/v1',
    kind: 'ConstraintTemplate',
    // Gatekeeper wants the kind's own name.
    metadata: { name: kind.toLowerCase() },
    spec: {
      crd: { spec: { names: { kind } } },
      targets: [
        {
          target: 'admission.k8s.gatekeeper.sh',
          code: [
            {
              engine: 'K8sNativeValidation',
              source: {
                failurePolicy: 'Fail',
                variables: [
                  expressionOf({ name: 'applies', expression: applies }),
                  ...variablesOf(rule).map(expressionOf),
                ],
                validations: [{ expression: cel`!variables.applies || (${rule.holds})`.cel, message: rule.message }],
              },
            },
            ...fallback,
          ],
        },
      ],
    },
  };
  const constraint: YamlMap = {
    apiVersion: 'constraints.gatekeeper.sh/v1beta1',
    kind,
    metadata: { name: nameOf(rule) },
    spec: { enforcementAction: stage === 'watch' ? 'dryrun' : 'deny', match: matchOf(rule) },
  };
  const head = [...headOf(rule), ...(rego ? ['its Rego, for servers that run no CEL, is not proved'] : [])];
  return `${yamlDocument(head, template)}${yamlDocument([], constraint)}`;
}

/** `KguardianImageRegistries`. */
function kindOf({ id }: Rule): string {
  return `Kguardian${id
    .split('-')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('')}`;
}

function matchOf({ targets, scope }: Rule): YamlMap {
  const byGroup = Map.groupBy(targets, ({ group }) => group);
  return {
    kinds: [...byGroup].map(([group, own]) => ({
      apiGroups: [group],
      kinds: [...new Set(own.map(({ kind }) => kind))],
    })),
    ...namespacesOf(scope),
  };
}

function namespacesOf(scope: Scope): YamlMap {
  if ('only' in scope) return { namespaces: [...scope.only] };
  return scope.except.length === 0 ? {} : { excludedNamespaces: [...scope.except] };
}
