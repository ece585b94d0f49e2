/** Kyverno as its documentation has it: hand-made policies, and what its webhook answers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, pod, text } from './asked.cases.ts';
import { kyvernoJudge } from './kyverno.ts';
import { Unjudgeable } from './program.ts';

const deployment = (template: object): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { template },
});
const pods = { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }] };
const validating = (spec: object): object => ({
  apiVersion: 'policies.kyverno.io/v1',
  kind: 'ValidatingPolicy',
  metadata: { name: 'v' },
  spec: {
    matchConstraints: pods,
    validations: [{ expression: 'object.spec.?hostPID.orValue(false) == false', message: 'no hostPID' }],
    ...spec,
  },
});
const cluster = (rule: object, spec: object = {}): object => ({
  apiVersion: 'kyverno.io/v1',
  kind: 'ClusterPolicy',
  metadata: { name: 'c' },
  spec: {
    ...spec,
    rules: [
      {
        name: 'r',
        match: { any: [{ resources: { kinds: ['Pod'] } }] },
        validate: {
          failureAction: 'Enforce',
          cel: { expressions: [{ expression: 'has(object.metadata.labels)', message: 'labels' }] },
        },
        ...rule,
      },
    ],
  },
});
const autogen = 'pod-policies.kyverno.io/autogen-controllers';
const onHost = { hostPID: true };

const kyvernoCases: readonly (readonly [
  what: string,
  policy: object,
  asked: object,
  allowed: boolean,
  reason?: RegExp,
])[] = [
  ['a ValidatingPolicy denies by default', validating({}), { object: pod({}, onHost) }, false, /^v: no hostPID$/],
  ['Audit tells', validating({ validationActions: ['Audit'] }), { object: pod({}, onHost) }, true, /audit/],
  ['a policy about pods is one about templates', validating({}), { object: deployment({ spec: onHost }) }, false],
  ['a template that passes, passes', validating({}), { object: deployment({ spec: {} }) }, true],
  [
    'unless autogen names no controllers',
    validating({ autogen: { podControllers: { controllers: [] } } }),
    { object: deployment({ spec: onHost }) },
    true,
  ],
  [
    'or the policy is about more than pods',
    validating({
      matchConstraints: { resourceRules: [{ ...pods.resourceRules[0], resources: ['pods', 'services'] }] },
    }),
    { object: deployment({ spec: onHost }) },
    true,
  ],
  [
    'admission can be turned off',
    validating({ evaluation: { admission: { enabled: false } } }),
    { object: pod({}, onHost) },
    true,
  ],
  ['a ClusterPolicy enforces where its rule says so', cluster({}), { object: pod() }, false, /^c: labels$/],
  [
    'a ClusterPolicy audits where nothing is said',
    cluster({ validate: { cel: { expressions: [{ expression: 'false' }] } } }),
    { object: pod() },
    true,
    /^c \(audit\)/,
  ],
  [
    'what is excluded is out',
    cluster({ exclude: { any: [{ resources: { namespaces: ['sh?p'] } }] } }),
    { object: pod() },
    true,
  ],
  [
    'a kind with its group',
    cluster({ match: { any: [{ resources: { kinds: ['apps/v1/Deployment'] } }] } }),
    { object: deployment({}) },
    false,
  ],
  [
    'a version and a kind',
    cluster({ match: { any: [{ resources: { kinds: ['v1/Pod'] } }] } }),
    { object: pod() },
    false,
  ],
  ['stars', cluster({ match: { any: [{ resources: { kinds: ['*/Deploy*'] } }] } }), { object: deployment({}) }, false],
  [
    'a subresource is a kind of its own',
    cluster({ match: { any: [{ resources: { kinds: ['v1/Pod/ephemeralcontainers'] } }] } }),
    { object: pod(), operation: 'UPDATE', subresource: 'ephemeralcontainers' },
    false,
  ],
  [
    'Pod stands for debug containers, too',
    cluster({}),
    { object: pod(), operation: 'UPDATE', subresource: 'ephemeralcontainers' },
    false,
  ],
  [
    'a kind is not its other subresources',
    cluster({}),
    { object: pod(), operation: 'UPDATE', subresource: 'status' },
    true,
  ],
  [
    'a subresource behind a dot',
    cluster({ match: { any: [{ resources: { kinds: ['v1/Pod.status'] } }] } }),
    { object: pod(), operation: 'UPDATE', subresource: 'status' },
    false,
  ],
  [
    'two stars are everything',
    cluster({ match: { any: [{ resources: { kinds: ['*/*'] } }] } }),
    { object: pod(), operation: 'UPDATE', subresource: 'status' },
    false,
  ],
  [
    'ReplicationControllers are none of those that a policy about pods is about',
    validating({}),
    { object: { ...deployment({ spec: onHost }), apiVersion: 'v1', kind: 'ReplicationController' } },
    true,
  ],
  [
    'a policy that excludes something is about pods alone',
    validating({
      matchConstraints: { ...pods, excludeResourceRules: [{ ...pods.resourceRules[0], resourceNames: ['x'] }] },
    }),
    { object: deployment({ spec: onHost }) },
    true,
  ],
  ['deletions are not asked', cluster({}), { object: pod(), operation: 'DELETE' }, true],
  [
    'a precondition leaves requests out',
    cluster({ celPreconditions: [{ name: 'a', expression: "object.metadata.name == 'x'" }] }),
    { object: pod() },
    true,
  ],
];
for (const [what, policy, asked, allowed, reason] of kyvernoCases)
  test(`kyverno: ${what}`, () => {
    const answer = ask(kyvernoJudge(text(policy)), asked);
    assert.equal(answer.allowed, allowed, answer.reasons.join('; '));
    if (reason !== undefined) assert.match(answer.reasons.join('; '), reason);
  });

test('kyverno: what is not CEL, or not what it seems, is not judged', () => {
  const cases: readonly (readonly [object, RegExp])[] = [
    [cluster({ validate: { pattern: { spec: {} } } }), /validate/],
    [cluster({ match: { any: [{ resources: { kinds: ['Pod'] }, subjects: [] }] } }), /subjects/],
    [
      cluster({ validate: { cel: { expressions: [{ expression: 'true', message: '{{ request.name }}' }] } } }),
      /variable/,
    ],
    [{ apiVersion: 'policies.kyverno.io/v1', kind: 'PolicyException', metadata: { name: 'e' } }, /not judged/],
    [validating({ evaluation: { mode: 'JSON' } }), /mode/],
    [validating({ validations: [{ expression: 'http.Get("x") == null' }] }), /cannot be compiled/],
  ];
  for (const [policy, why] of cases)
    assert.throws(
      () => kyvernoJudge(text(policy)),
      (error) => error instanceof Unjudgeable && why.test(error.message),
      String(why),
    );
});

test('kyverno: a ClusterPolicy about pods says nothing of controllers here, unless it makes no rules for them', () => {
  const asked = { object: deployment({ spec: onHost }) };
  assert.throws(() => ask(kyvernoJudge(text(cluster({}))), asked), /autogen/);
  const none = { ...cluster({}), metadata: { name: 'c', annotations: { [autogen]: 'none' } } };
  assert.equal(ask(kyvernoJudge(text(none)), asked).allowed, true);
  const some = { ...none, metadata: { name: 'c', annotations: { [autogen]: 'CronJob' } } };
  assert.equal(ask(kyvernoJudge(text(some)), asked).allowed, true);
});
