/** Who is excepted, who only says so, and what of an old object may still change. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterOf, existingOf } from './cluster.cases.ts';
import { forms } from './forms.ts';
import { verdict } from './judge/judge.ts';
import { question, requestOf } from './judge/request.ts';
import { mine, miningDefaults } from './mine.ts';
import { prove } from './prove.ts';

const onHost = { hostPID: true, containers: [{ name: 'a', image: 'a/b:1' }] };
const plain = { containers: [{ name: 'a', image: 'a/b:1' }] };
const of = (apiVersion: string, kind: string, name: string, spec: object, metadata: object = {}): object => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'shop', ...metadata },
  spec,
});
const owner = (kind: string, name: string): object => ({
  ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid: `uid-${name}`, controller: true }],
});
const deployment = (name: string, spec: object): object => of('apps/v1', 'Deployment', name, { template: { spec } });
const replicaSet = of(
  'apps/v1',
  'ReplicaSet',
  'agent-5f',
  { template: { spec: onHost } },
  owner('Deployment', 'agent'),
);
const pod = (labels: object, own: object): object => of('v1', 'Pod', 'agent-5f-x', onHost, { labels, ...own });
const cronJob = of('batch/v1', 'CronJob', 'nightly', { jobTemplate: { spec: { template: { spec: onHost } } } });
const jobPod = (job: string): object => of('v1', 'Pod', `${job}-x`, onHost, owner('Job', job));

const objects = existingOf([
  ...Array.from({ length: 10 }, (_, at) => deployment(`web-${at}`, plain)),
  deployment('agent', onHost),
  replicaSet,
  pod({ 'pod-template-hash': '5f' }, owner('ReplicaSet', 'agent-5f')),
  cronJob,
  of('batch/v1', 'Job', 'nightly-29000000', { template: { spec: onHost } }, owner('CronJob', 'nightly')),
  // No rule is about it, and nobody knows its plural.
  of('example.com/v1', 'Widget', 'w', {}),
]);
const { proposals } = mine(objects, { ...miningDefaults, scope: { except: [] } });
const [proposal] = proposals.filter(({ rule }) => rule.id === 'host-namespaces');
const controller = (name: string): string => `system:serviceaccount:kube-system:${name}-controller`;

const cases: readonly (readonly [what: string, asked: object, allowed: boolean])[] = [
  ['the object of that name', { object: deployment('agent', onHost) }, true],
  ['another name', { object: deployment('agent2', onHost) }, false],
  [
    'the same name elsewhere',
    { object: { ...deployment('agent', onHost), metadata: { name: 'agent', namespace: 'x' } } },
    false,
  ],
  ['the same name of another kind', { object: of('v1', 'Pod', 'agent', onHost) }, false],
  ['what its controller makes', { object: replicaSet, user: controller('deployment') }, true],
  ['the same made by somebody else', { object: replicaSet, user: 'mallory' }, false],
  [
    'a pod of its ReplicaSet',
    { object: pod({ 'pod-template-hash': '5f' }, owner('ReplicaSet', 'agent-5f')), user: controller('replicaset') },
    true,
  ],
  [
    'a pod that names the owner itself',
    { object: pod({ 'pod-template-hash': '5f' }, owner('ReplicaSet', 'agent-5f')) },
    false,
  ],
  [
    'a pod of another ReplicaSet',
    { object: pod({ 'pod-template-hash': '6a' }, owner('ReplicaSet', 'agent-b-6a')), user: controller('replicaset') },
    false,
  ],
  ['a pod of a Job of its CronJob', { object: jobPod('nightly-29000000'), user: controller('job') }, true],
  ['a Job that is called likewise', { object: jobPod('nightly-b-29000000'), user: controller('job') }, false],
  [
    'a change that leaves the spec as it is',
    { operation: 'UPDATE', object: deployment('old', onHost), oldObject: deployment('old', onHost) },
    true,
  ],
  [
    'a change of the spec that breaks the rule',
    { operation: 'UPDATE', object: deployment('old', onHost), oldObject: deployment('old', plain) },
    false,
  ],
  [
    'what is being deleted',
    { object: of('v1', 'Pod', 'p', onHost, { deletionTimestamp: '2026-01-01T00:00:00Z' }) },
    true,
  ],
  [
    'an old ReplicaSet that is scaled down, as a rollout does',
    {
      operation: 'UPDATE',
      object: of('apps/v1', 'ReplicaSet', 'old-1', { replicas: 0, template: { spec: onHost } }),
      oldObject: of('apps/v1', 'ReplicaSet', 'old-1', { replicas: 3, template: { spec: onHost } }),
      user: controller('deployment'),
    },
    true,
  ],
  [
    'a CronJob that is suspended',
    {
      operation: 'UPDATE',
      object: of('batch/v1', 'CronJob', 'old', {
        suspend: true,
        jobTemplate: { spec: { template: { spec: onHost } } },
      }),
      oldObject: of('batch/v1', 'CronJob', 'old', { jobTemplate: { spec: { template: { spec: onHost } } } }),
    },
    true,
  ],
  [
    'a debug container in a pod on the host',
    {
      operation: 'UPDATE',
      subresource: 'ephemeralcontainers',
      object: of('v1', 'Pod', 'agent-5f-x', { ...onHost, ephemeralContainers: [{ name: 'd', image: 'a/b:1' }] }),
      oldObject: of('v1', 'Pod', 'agent-5f-x', onHost),
    },
    true,
  ],
  ['a deletion', { operation: 'DELETE', object: deployment('agent2', onHost) }, true],
];

for (const [name, form] of Object.entries(forms))
  test(`${name}: who is excepted, and who only says so`, () => {
    assert.ok(proposal);
    assert.deepEqual(
      proposal.rule.exceptions.map(({ kind, name: own }) => `${kind}/${own}`),
      ['CronJob/nightly', 'Deployment/agent'],
    );
    const judge = form.judge(form.write(proposal.rule, 'enforce'));
    assert.deepEqual(prove(judge, [proposal], objects, form.nameOf).faults, []);
    for (const [what, asked, allowed] of cases) {
      const answer = verdict(judge, requestOf(question.parse(asked)), false);
      assert.equal(answer.allowed, allowed, `${what}: ${answer.reasons.join('; ')}`);
    }
  });

test('of a debug container rules ask for itself, not for the pod that it comes to', () => {
  const privileged = proposals.find(({ rule }) => rule.id === 'privileged');
  assert.ok(privileged);
  const own = { ...plain, containers: [{ ...plain.containers[0], securityContext: { privileged: true } }] };
  const asked = (debug: object): object => ({
    operation: 'UPDATE',
    subresource: 'ephemeralcontainers',
    object: of('v1', 'Pod', 'p', { ...own, ephemeralContainers: [{ name: 'd', image: 'x', ...debug }] }),
    oldObject: of('v1', 'Pod', 'p', own),
  });
  for (const form of Object.values(forms)) {
    const judge = form.judge(form.write(privileged.rule, 'enforce'));
    const answer = (debug: object): boolean => verdict(judge, requestOf(question.parse(asked(debug))), false).allowed;
    assert.equal(answer({}), true, form.name);
    assert.equal(answer({ securityContext: { privileged: true } }), false, form.name);
  }
});

test('a change of what a rule does not read passes, whatever the object says else', () => {
  const all = existingOf(clusterOf(280));
  const rules = mine(all, { ...miningDefaults, scope: { except: [] } }).proposals;
  assert.ok(rules.length > 40);
  for (const { rule, counterExample } of rules) {
    const { object } = counterExample;
    const { metadata, spec } = object as { metadata: { annotations?: object }; spec?: { replicas?: number } };
    const isCounted = rule.id.startsWith('replicas-') || spec?.replicas === undefined;
    const before = {
      ...object,
      metadata: { ...metadata, finalizers: ['example.com/f'], resourceVersion: '1' },
      ...(isCounted ? {} : { spec: { ...spec, replicas: 17 } }),
    };
    const judge = forms.vap.judge(forms.vap.write(rule, 'enforce'));
    const answer = (oldObject: object): boolean =>
      verdict(judge, requestOf(question.parse({ operation: 'UPDATE', object, oldObject })), false).allowed;
    // What only a subresource changes is in no request of this kind.
    if (rule.id !== 'ephemeral-containers') assert.equal(answer(before), true, rule.id);
  }
});

test('who has no name but the beginning of one is excepted by that', () => {
  const spec = { template: { spec: onHost } };
  const backup = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { generateName: 'backup-', namespace: 'shop' },
    spec,
  };
  const all = [...objects.slice(0, 10), ...existingOf([backup])];
  const rule = mine(all, { ...miningDefaults, scope: { except: [] } }).proposals.find(
    (each) => each.rule.id === 'host-namespaces',
  );
  assert.ok(rule);
  assert.deepEqual(rule.rule.exceptions, [{ kind: 'Job', namespace: 'shop', name: 'backup-*' }]);
  for (const form of Object.values(forms)) {
    const judge = form.judge(form.write(rule.rule, 'enforce'));
    assert.deepEqual(prove(judge, [rule], all, form.nameOf).faults, [], form.name);
    const other = { ...backup, metadata: { generateName: 'back-', namespace: 'shop' } };
    assert.equal(verdict(judge, requestOf(question.parse({ object: other })), false).allowed, false);
  }
});

test('a StatefulSet that is excepted may be scaled up: claims that its controller makes are of it', () => {
  const claim = (name: string, storageClassName: string): object =>
    of('v1', 'PersistentVolumeClaim', name, { storageClassName });
  const volumeClaimTemplates = [{ metadata: { name: 'data' }, spec: { storageClassName: 'slow' } }];
  const all = existingOf([
    ...Array.from({ length: 10 }, (_, at) => claim(`c-${at}`, 'fast')),
    of('apps/v1', 'StatefulSet', 'db', { volumeClaimTemplates }),
    claim('data-db-0', 'slow'),
    claim('data-dbx-0', 'slower'),
  ]);
  const own = mine(all, { ...miningDefaults, scope: { except: [] } }).proposals.find(
    (each) => each.rule.id === 'storage-classes',
  );
  assert.ok(own);
  assert.deepEqual(
    own.rule.exceptions.map(({ kind, name }) => `${kind}/${name}`),
    ['PersistentVolumeClaim/data-dbx-0', 'StatefulSet/db'],
  );
  for (const form of Object.values(forms)) {
    const judge = form.judge(form.write(own.rule, 'enforce'));
    assert.deepEqual(prove(judge, [own], all, form.nameOf).faults, [], form.name);
    const answer = (name: string, user: string): boolean =>
      verdict(judge, requestOf(question.parse({ object: claim(name, 'slow'), user })), false).allowed;
    assert.equal(answer('data-db-1', controller('statefulset')), true);
    assert.equal(answer('data-db-1', 'mallory'), false);
    assert.equal(answer('data-xdb-1', controller('statefulset')), false);
    assert.equal(answer('data-db-1-2', controller('statefulset')), false);
  }
});

test('of what another controller made it is told that its successor is not excepted', () => {
  const task = of('v1', 'Pod', 'build-x7k2p', onHost, owner('TaskRun', 'build'));
  const all = [...objects.slice(0, 10), ...existingOf([task])];
  const found = mine(all, { ...miningDefaults, scope: { except: [] } }).proposals.find(
    ({ rule }) => rule.id === 'host-namespaces',
  );
  assert.ok(found);
  assert.match(
    forms.vap.write(found.rule, 'watch'),
    /# exceptions: Pod\/shop\/build-x7k2p \(made by TaskRun, whose next one is not excepted\)/,
  );
});
