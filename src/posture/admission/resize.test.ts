/** Requests and limits of a pod that runs are changed by a request of its own (pods/resize, Kubernetes 1.33). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { existingOf } from './cluster.cases.ts';
import { forms } from './forms.ts';
import { verdict } from './judge/judge.ts';
import { question, requestOf } from './judge/request.ts';
import { mine, miningDefaults } from './mine.ts';
import { prove } from './prove.ts';

const sized = (request: string, limit: string): object => ({
  containers: [{ name: 'a', image: 'a/b:1', resources: { requests: { memory: request }, limits: { memory: limit } } }],
});
const metadata = { namespace: 'shop' };
const deployment = (name: string, spec: object): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { ...metadata, name },
  spec: { template: { spec } },
});
const pod = (owner: string, spec: object): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    ...metadata,
    name: `${owner}-1-x`,
    labels: { 'pod-template-hash': '1' },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${owner}-1`, uid: 'u', controller: true }],
  },
  spec,
});
const fair = sized('1Gi', '1Gi');
const wide = sized('1Gi', '64Gi');
const objects = existingOf([
  ...Array.from({ length: 30 }, (_, at) => deployment(`web-${at}`, fair)),
  deployment('batch', wide),
]);
const [proposal] = mine(objects, { ...miningDefaults, scope: { except: [] } }).proposals.filter(
  ({ rule }) => rule.id === 'memory-limit-ratio',
);
const resizing = (from: object, to: object, subresource = 'resize'): object => ({
  operation: 'UPDATE',
  subresource,
  user: 'alice',
  object: to,
  oldObject: from,
});

for (const [name, form] of Object.entries(forms))
  test(`${name}: a resize in place is held to the ratio of limits, excepted workloads are not`, () => {
    assert.ok(proposal);
    assert.deepEqual(
      proposal.rule.exceptions.map(({ name: own }) => own),
      ['batch'],
    );
    const text = form.write(proposal.rule, 'enforce');
    const judge = form.judge(text);
    assert.deepEqual(prove(judge, [proposal], objects, form.nameOf).faults, []);
    const isAsked = !/pods\/resize on Kubernetes 1\.33 and later alone/.test(text);
    for (const [what, asked, allowed] of [
      ['to the same ratio', resizing(pod('web-0', fair), pod('web-0', sized('2Gi', '2Gi'))), true],
      ['beyond it', resizing(pod('web-0', fair), pod('web-0', wide)), !isAsked],
      ['of an excepted one', resizing(pod('batch', wide), pod('batch', sized('1Gi', '32Gi'))), true],
      ['a debug container', resizing(pod('web-0', fair), pod('web-0', wide), 'ephemeralcontainers'), true],
      [
        'made by a controller for another',
        { object: pod('web-0', wide), user: 'system:serviceaccount:kube-system:replicaset-controller' },
        false,
      ],
      ['made by a user', { object: pod('batch', wide), user: 'alice' }, false],
    ] as const) {
      const answer = verdict(judge, requestOf(question.parse(asked)), false);
      assert.equal(answer.allowed, allowed, `${what}: ${answer.reasons.join('; ')}`);
    }
  });
