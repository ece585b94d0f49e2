/**
 * ValidatingAdmissionPolicies (admissionregistration.k8s.io/v1) that hold back what PodSecurityPolicies did and a level does
 * not. Several policies of one account let in what one of them lets in. Bound to warn and audit: who has read the warnings
 * makes it Deny.
 */
import { objectName } from '#kubernetes/names.ts';
import type { YamlMap } from '#kubernetes/yaml-text.ts';
import type { Level } from '../pss/level.ts';
import { literals, variablesFor } from './cel.ts';
import { type Constraint, constraintsBeyond } from './constraints.ts';
import type { Psp } from './psp.ts';

export interface Accounts {
  /** These service accounts of the namespace, or all but these. */
  readonly names: readonly string[];
  readonly but: boolean;
}

export interface AdmissionPolicy {
  readonly name: string;
  readonly policy: YamlMap;
  readonly binding: YamlMap;
}

const api = 'admissionregistration.k8s.io/v1';
/** An API server takes no longer messages. */
const longestMessage = 1024;

/** Null where one of the policies holds back nothing beyond the level. */
export function admissionPolicy(
  namespace: string,
  accounts: Accounts,
  psps: readonly Psp[],
  level: Level,
): AdmissionPolicy | null {
  const sets = psps.map((psp) => ({ psp, constraints: constraintsBeyond(psp, level) }));
  if (sets.length === 0 || sets.some(({ constraints }) => constraints.length === 0)) return null;
  const [only, ...more] = sets;
  const validations = only !== undefined && more.length === 0 ? only.constraints.map(validation) : [anyOf(sets)];
  const expressions = sets.flatMap(({ constraints }) => constraints.map(({ expression }) => expression));
  const [first] = accounts.names;
  const name = objectName(`psp.${namespace}${accounts.but || first === undefined ? '' : `.${first}`}`);
  return {
    name,
    policy: {
      apiVersion: api,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: {
        // An expression that cannot be evaluated refuses: what it asks about is not there, and it was asked for.
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: [
            {
              apiGroups: [''],
              apiVersions: ['v1'],
              operations: ['CREATE', 'UPDATE'],
              resources: ['pods', 'pods/ephemeralcontainers'],
            },
          ],
        },
        ...(accounts.names.length === 0
          ? {}
          : { matchConditions: [{ name: 'accounts', expression: condition(accounts) }] }),
        variables: variablesFor(expressions).map(({ name: variable, expression }) => ({ name: variable, expression })),
        validations,
      },
    },
    binding: {
      apiVersion: api,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: {
        policyName: name,
        matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
        validationActions: ['Warn', 'Audit'],
      },
    },
  };
}

function validation({ message, expression }: Constraint): YamlMap {
  return { expression, message: short(message) };
}

function anyOf(sets: readonly { readonly psp: Psp; readonly constraints: readonly Constraint[] }[]): YamlMap {
  const expression = sets
    .map(({ constraints }) => `(${constraints.map((each) => `(${each.expression})`).join(' && ')})`)
    .join(' || ');
  const words = sets.map(
    ({ psp, constraints }) => `${psp.name}: ${constraints.map(({ message }) => message).join(', ')}`,
  );
  return { expression, message: short(`none of these holds: ${words.join('; ')}`) };
}

/** One line: an API server refuses others. */
function short(message: string): string {
  const line = message.replaceAll(/[\r\n]+/g, ' ');
  return line.length <= longestMessage ? line : `${line.slice(0, longestMessage - 1)}…`;
}

function condition({ names, but }: Accounts): string {
  const account =
    '(has(object.spec.serviceAccountName) && object.spec.serviceAccountName != "" ? object.spec.serviceAccountName : "default")';
  return `${but ? '!' : ''}(${account} in ${literals(names)})`;
}
