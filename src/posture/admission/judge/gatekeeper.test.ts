/** Gatekeeper as its documentation has it: hand-made templates and constraints, and what its webhook answers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, pod, text } from './asked.cases.ts';
import { gatekeeperJudge } from './gatekeeper.ts';
import { globMatches } from './globs.ts';
import { Unjudgeable } from './program.ts';

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
  [
    'what only generated objects are asked, no request is',
    { parameters, match: { source: 'Generated' } },
    { object: pod() },
    true,
  ],
  ['an empty name is any', { parameters, match: { name: '' } }, { object: pod() }, false],
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

test('globs are no regular expressions', () => {
  assert.equal(globMatches('a.c', 'abc'), false);
  assert.equal(globMatches('a?c', 'abc'), false);
  assert.equal(globMatches('a?c', 'abc', true), true);
  assert.equal(globMatches('*', ''), true);
  assert.equal(globMatches('(a', '(a'), true);
});
