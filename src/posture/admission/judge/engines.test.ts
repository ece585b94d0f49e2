/** Gatekeeper and Kyverno as their documentation has them: hand-made policies, and what their webhooks answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { gatekeeperJudge } from './gatekeeper.ts';
import { globMatches } from './globs.ts';
import { type Judge, verdict } from './judge.ts';
import { kyvernoJudge } from './kyverno.ts';
import { Unjudgeable } from './program.ts';
import { question, requestOf } from './request.ts';

const text = (...documents: readonly object[]): string => documents.map((each) => `---\n${stringify(each)}`).join('');
const ask = (judge: Judge, asked: object): { allowed: boolean; reasons: readonly string[] } =>
  verdict(judge, requestOf(question.parse(asked)), false);

const pod = (metadata: object = {}, spec: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', ...metadata },
  spec,
});
const deployment = (template: object): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { template },
});
const namespace = (name: string): object => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

const template = (source: object, more: object = {}): object => ({
  apiVersion: 'templates.gatekeeper.sh/v1',
  kind: 'ConstraintTemplate',
  metadata: { name: 'mustown' },
  spec: {
    crd: { spec: { names: { kind: 'MustOwn' } } },
    targets: [{ target: 'admission.k8s.gatekeeper.sh', code: [{ engine: 'K8sNativeValidation', source }], ...more }],
  },
});
const constraint = (spec: object): object => ({
  apiVersion: 'constraints.gatekeeper.sh/v1beta1',
  kind: 'MustOwn',
  metadata: { name: 'own' },
  spec,
});
const owned = {
  validations: [
    {
      expression:
        'variables.params.labels.all(l, has(variables.anyObject.metadata.labels) && l in variables.anyObject.metadata.labels)',
      messageExpression: '"needs " + variables.params.labels.join(", ")',
    },
  ],
};
const parameters = { labels: ['owner'] };

const gatekeeperCases: readonly (readonly [
  what: string,
  spec: object,
  asked: object,
  allowed: boolean,
  reason?: RegExp,
])[] = [
  ['a constraint denies by default', { parameters }, { object: pod() }, false, /^own: needs owner$/],
  ['what holds is allowed', { parameters }, { object: pod({ labels: { owner: 'a' } }) }, true],
  ['dryrun tells', { parameters, enforcementAction: 'dryrun' }, { object: pod() }, true, /^own \(audit\)/],
  ['warn warns', { parameters, enforcementAction: 'warn' }, { object: pod() }, true, /^own \(warn\)/],
  [
    'of scoped actions those at the webhook count',
    {
      parameters,
      enforcementAction: 'scoped',
      scopedEnforcementActions: [
        { action: 'deny', enforcementPoints: [{ name: 'audit.gatekeeper.sh' }] },
        { action: 'warn', enforcementPoints: [{ name: 'validation.gatekeeper.sh' }] },
      ],
    },
    { object: pod() },
    true,
    /^own \(warn\)/,
  ],
  ['on DELETE the object is the old one', { parameters }, { operation: 'DELETE', object: pod() }, false],
  [
    'other kinds are not asked',
    { parameters, match: { kinds: [{ apiGroups: ['apps'], kinds: ['*'] }] } },
    { object: pod() },
    true,
  ],
  [
    'a namespace is left out by a glob',
    { parameters, match: { excludedNamespaces: ['sh*'] } },
    { object: pod() },
    true,
  ],
  [
    'a namespace goes by its own name',
    { parameters, match: { excludedNamespaces: ['shop'] } },
    { object: namespace('shop') },
    true,
  ],
  ['namespaces are taken by their names', { parameters, match: { namespaces: ['other'] } }, { object: pod() }, true],
  ['a glob matches the whole name', { parameters, match: { namespaces: ['ho*'] } }, { object: pod() }, true],
  ['scope takes objects of the cluster apart', { parameters, match: { scope: 'Cluster' } }, { object: pod() }, true],
  [
    'labels select',
    { parameters, match: { labelSelector: { matchLabels: { app: 'web' } } } },
    { object: pod({ labels: { app: 'other' } }) },
    true,
  ],
];
for (const [what, spec, asked, allowed, reason] of gatekeeperCases)
  test(`gatekeeper: ${what}`, () => {
    const answer = ask(gatekeeperJudge(text(template(owned), constraint(spec))), asked);
    assert.equal(answer.allowed, allowed, answer.reasons.join('; '));
    if (reason !== undefined) assert.match(answer.reasons.join('; '), reason);
  });

test('gatekeeper: what it would not take, or what is not run here, is not judged', () => {
  const cases: readonly (readonly [readonly object[], RegExp])[] = [
    [[template(owned)], /no constraint/],
    [[constraint({})], /no template defines/],
    [
      [template(owned, { code: [{ engine: 'Rego', source: { rego: 'package a' } }] }), constraint({})],
      /Rego is not run/,
    ],
    [[template({ ...owned, variables: [{ name: 'params', expression: '1' }] }), constraint({})], /Gatekeeper's own/],
    [[{ ...template(owned), metadata: { name: 'other' } }, constraint({})], /must be called mustown/],
  ];
  for (const [documents, why] of cases)
    assert.throws(
      () => gatekeeperJudge(text(...documents)),
      (error) => error instanceof Unjudgeable && why.test(error.message),
    );
});

test('gatekeeper: a condition of the source leaves requests out', () => {
  const source = { ...owned, matchCondition: [{ name: 'a', expression: 'request.operation != "UPDATE"' }] };
  const judge = gatekeeperJudge(text(template(source), constraint({ parameters })));
  assert.equal(ask(judge, { object: pod(), operation: 'UPDATE' }).allowed, true);
  assert.equal(ask(judge, { object: pod() }).allowed, false);
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
    'a kind is not its subresource',
    cluster({}),
    { object: pod(), operation: 'UPDATE', subresource: 'ephemeralcontainers' },
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

test('globs are no regular expressions', () => {
  assert.equal(globMatches('a.c', 'abc'), false);
  assert.equal(globMatches('a?c', 'abc'), false);
  assert.equal(globMatches('a?c', 'abc', true), true);
  assert.equal(globMatches('*', ''), true);
  assert.equal(globMatches('(a', '(a'), true);
});
