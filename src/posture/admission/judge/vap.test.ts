/** Policies as people write them by the API's documentation, and what an API server does under them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verdict } from './judge.ts';
import { Unjudgeable } from './program.ts';
import { question, requestOf } from './request.ts';
import { deployment, deployments, few, pod, policy, type Written } from './vap.cases.ts';
import { vapJudge } from './vap.ts';

function ask(written: Written, asked: object): { allowed: boolean; reasons: readonly string[] } {
  return verdict(vapJudge(policy(written)), requestOf(question.parse(asked)), false);
}

const cases: readonly (readonly [what: string, written: Written, asked: object, allowed: boolean, reason?: RegExp])[] =
  [
    ['what holds is allowed', { spec: few }, { object: deployment({ replicas: 5 }) }, true],
    [
      'what does not hold is refused in its words',
      { spec: few },
      { object: deployment({ replicas: 6 }) },
      false,
      /^p: at most 5$/,
    ],
    [
      'a field that is missing fails the expression',
      { spec: few },
      { object: deployment({}) },
      false,
      /No such key: replicas/,
    ],
    [
      'with failurePolicy Ignore an expression that fails refuses nothing',
      { spec: { ...few, failurePolicy: 'Ignore' } },
      { object: deployment({}) },
      true,
    ],
    [
      'Audit and Warn tell',
      { spec: few, actions: ['Audit', 'Warn'] },
      { object: deployment({ replicas: 6 }) },
      true,
      /^p \(audit, warn\): /,
    ],
    [
      'a policy without a binding does nothing',
      { spec: few, actions: null },
      { object: deployment({ replicas: 6 }) },
      true,
      /not in force/,
    ],
    ['another resource is not asked', { spec: few }, { object: pod({ replicas: 6 }) }, true],
    [
      'DELETE is not asked where only CREATE and UPDATE are',
      { spec: few },
      { oldObject: deployment({ replicas: 6 }) },
      true,
    ],
    [
      'a condition that is false leaves the request out',
      { spec: { ...few, matchConditions: [{ name: 'c', expression: "request.userInfo.username != 'root'" }] } },
      { object: deployment({ replicas: 6 }), user: 'root' },
      true,
    ],
    [
      'a condition that fails refuses',
      { spec: { ...few, matchConditions: [{ name: 'c', expression: 'object.spec.no.such' }] } },
      { object: deployment({ replicas: 1 }) },
      false,
      /condition fails/,
    ],
    [
      'one false condition counts, whatever others do',
      {
        spec: {
          ...few,
          matchConditions: [
            { name: 'a', expression: 'object.spec.no.such' },
            { name: 'b', expression: 'false' },
          ],
        },
      },
      { object: deployment({ replicas: 6 }) },
      true,
    ],
    [
      'a variable sees those before it',
      {
        spec: {
          variables: [
            { name: 'a', expression: "object.metadata.?labels[?'team'].orValue('')" },
            { name: 'b', expression: 'size(variables.a)' },
          ],
          validations: [{ expression: 'variables.b > 0', messageExpression: "'no team on ' + object.metadata.name" }],
        },
      },
      { object: deployment({}) },
      false,
      /^p: no team on web$/,
    ],
    [
      'a variable that fails is nobody’s matter until it is asked',
      {
        spec: {
          variables: [{ name: 'bad', expression: 'object.spec.no.such' }],
          validations: [{ expression: 'true || variables.bad' }],
        },
      },
      { object: deployment({}) },
      true,
    ],
    [
      'namespaces are chosen by their labels',
      { spec: few, binding: { matchResources: { namespaceSelector: { matchLabels: { env: 'prod' } } } } },
      { object: deployment({ replicas: 6 }), namespaceLabels: { env: 'test' } },
      true,
    ],
    [
      'every namespace has its name as a label',
      {
        spec: few,
        constraints: { ...deployments, namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } },
      },
      { object: deployment({ replicas: 6 }) },
      false,
    ],
    [
      'a namespace goes by its own labels',
      {
        constraints: {
          resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['namespaces'] }],
          namespaceSelector: { matchExpressions: [{ key: 'env', operator: 'In', values: ['prod'] }] },
        },
        spec: { validations: [{ expression: "'owner' in object.metadata.labels" }] },
      },
      { object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n', labels: { env: 'prod' } } } },
      false,
      /failed expression/,
    ],
    [
      'what is excluded is out',
      {
        spec: few,
        constraints: {
          ...deployments,
          excludeResourceRules: [{ ...deployments.resourceRules[0], resourceNames: ['web'] }],
        },
      },
      { object: deployment({ replicas: 6 }) },
      true,
    ],
    [
      'a star of resources is without subresources',
      {
        constraints: { resourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] }] },
        spec: { validations: [{ expression: 'false' }] },
      },
      { object: pod({}), subresource: 'ephemeralcontainers', operation: 'UPDATE' },
      true,
    ],
    [
      'a subresource is named',
      {
        constraints: {
          resourceRules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['pods/ephemeralcontainers'] },
          ],
        },
        spec: { validations: [{ expression: 'false', message: 'none' }] },
      },
      { object: pod({}), subresource: 'ephemeralcontainers', operation: 'UPDATE' },
      false,
    ],
    [
      'parameters are read where the binding names them',
      {
        spec: {
          paramKind: { apiVersion: 'rules.example/v1', kind: 'Limit' },
          validations: [{ expression: 'object.spec.replicas <= params.max' }],
        },
        binding: { paramRef: { name: 'small', parameterNotFoundAction: 'Deny' } },
        others: [{ apiVersion: 'rules.example/v1', kind: 'Limit', metadata: { name: 'small' }, max: 3 }],
      },
      { object: deployment({ replicas: 4 }) },
      false,
    ],
    [
      'parameters that are missing refuse where the binding says so',
      {
        spec: { paramKind: { apiVersion: 'rules.example/v1', kind: 'Limit' }, validations: [{ expression: 'true' }] },
        binding: { paramRef: { name: 'small', parameterNotFoundAction: 'Deny' } },
      },
      { object: deployment({}) },
      false,
      /parameters/,
    ],
    [
      'quantities are compared by what they are worth',
      {
        spec: {
          validations: [
            {
              expression:
                "quantity(object.spec.a).isLessThan(quantity('1Gi')) && quantity('1500m').compareTo(quantity('1.5')) == 0",
            },
          ],
        },
      },
      { object: deployment({ a: '1024Mi' }) },
      false,
    ],
    [
      'a namespace is in the namespace of its name, and has no namespaceObject',
      {
        constraints: {
          resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['namespaces'] }],
        },
        spec: { validations: [{ expression: 'request.namespace != "n" || namespaceObject != null', message: 'x' }] },
      },
      { object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } } },
      false,
    ],
    [
      'a name is generated before policies are asked',
      { spec: { validations: [{ expression: 'object.metadata.name.matches("^web-[a-z0-9]{5}$")' }] } },
      { object: deployment({}, { name: undefined, generateName: 'web-' }) },
      true,
    ],
    [
      'a field that is null is a field that is missing',
      { spec: { validations: [{ expression: '!has(object.spec.a)' }] } },
      { object: deployment({ a: null }) },
      true,
    ],
  ];

for (const [what, written, asked, allowed, reason] of cases)
  test(`vap: ${what}`, () => {
    const answer = ask(written, asked);
    assert.equal(answer.allowed, allowed, answer.reasons.join('; '));
    if (reason !== undefined) assert.match(answer.reasons.join('; '), reason);
  });

test('vap: what nobody can judge here is not judged', () => {
  const broken: readonly (readonly [Written, RegExp])[] = [
    [{ spec: { validations: [{ expression: "authorizer.group('').check('x')" }] } }, /cannot be compiled/],
    [{ spec: { validations: [{ expression: 'object.' }] } }, /cannot be compiled/],
    [
      {
        spec: {
          ...few,
          matchConditions: [{ name: 'c', expression: 'variables.a' }],
          variables: [{ name: 'a', expression: 'true' }],
        },
      },
      /variables/,
    ],
    ...['(?i)^web', '\\\\z', '[[:alpha:]]', '(?P<a>b)'].map((pattern): readonly [Written, RegExp] => [
      { spec: { validations: [{ expression: `object.metadata.name.matches("${pattern}")` }] } },
      /is read by RE2/,
    ]),
    [{ spec: few, binding: { policyName: 'other' } }, /names other/],
    [{ spec: few, actions: ['Refuse'] }, /validationActions/],
  ];
  for (const [written, why] of broken)
    assert.throws(
      () => vapJudge(policy(written)),
      (error) => error instanceof Unjudgeable && why.test(error.message),
    );
  assert.throws(() => vapJudge('a: "b\n'), Unjudgeable);
  assert.throws(
    () => requestOf(question.parse({ object: { apiVersion: 'x.io/v1', kind: 'Y' } })),
    /resource: is needed/,
  );
});

test('vap: a policy about another version of the same resource is asked of what nobody converts here', () => {
  const [rule] = deployments.resourceRules;
  const constraints = { resourceRules: [{ ...rule, apiVersions: ['v1beta1'] }] };
  const asked = { object: deployment({ replicas: 6 }) };
  assert.throws(() => ask({ constraints, spec: few }, asked), /another version of deployments/);
  assert.equal(ask({ constraints: { ...constraints, matchPolicy: 'Exact' }, spec: few }, asked).allowed, true);
  // Another resource stays another.
  assert.equal(ask({ constraints, spec: few }, { object: pod({}) }).allowed, true);
});
