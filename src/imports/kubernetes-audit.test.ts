/** Kubernetes audit logs in their framings, and a real one (../shared/kubernetes/audit.log). */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readingKubernetesAudit } from './kubernetes-audit.ts';

const real = fileURLToPath(new URL('../../../shared/kubernetes/audit.log', import.meta.url));

const event = (more: object = {}) => ({
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  auditID: 'a-1',
  stage: 'ResponseComplete',
  requestURI: '/api/v1/namespaces/shop/pods/web-0',
  verb: 'get',
  user: { username: 'alice', groups: ['system:authenticated'] },
  objectRef: { resource: 'pods', namespace: 'shop', name: 'web-0', apiVersion: 'v1' },
  annotations: { 'authorization.k8s.io/decision': 'allow' },
  requestReceivedTimestamp: '2026-01-01T00:00:00.5Z',
  ...more,
});

function read(...lines: (object | string)[]) {
  const reader = readingKubernetesAudit();
  const faults = lines.flatMap((line) => reader.add(typeof line === 'string' ? line : JSON.stringify(line)) ?? []);
  return { ...reader.end(), faults };
}

const text = JSON.stringify(event());
for (const [framing, line] of [
  ['an API server', text],
  ['a webhook', JSON.stringify({ kind: 'EventList', items: [event()] })],
  ['OpenShift', `master-0.example.org ${text}`],
  [
    'EKS, by a subscription of CloudWatch',
    JSON.stringify({ logGroup: '/aws/eks/x/cluster', logEvents: [{ id: '1', message: text }] }),
  ],
  ['EKS, by CloudWatch Insights', JSON.stringify({ '@timestamp': '1', '@message': text })],
  ['AKS', JSON.stringify({ category: 'kube-audit', properties: { log: text, stream: 'stdout' } })],
  ['AKS, in records', JSON.stringify({ records: [{ category: 'kube-audit', properties: { log: text } }] })],
] as const) {
  test(`one event in the framing of ${framing}`, () => {
    const { uses, events, faults } = read(line);
    assert.deepEqual([events, faults], [1, []]);
    const [{ user, decision, verb, resource, namespace, names, first } = assert.fail()] = uses;
    assert.deepEqual(
      [user, decision, verb, resource, namespace, names, first],
      ['alice', 'allow', 'get', 'pods', 'shop', ['web-0'], 1_767_225_600_500],
    );
  });
}

test('GKE tells by method and resource name, with subresources', () => {
  const { uses } = read({
    insertId: 'x',
    timestamp: '2026-01-01T00:00:00Z',
    protoPayload: {
      authenticationInfo: { principalEmail: 'system:serviceaccount:shop:app' },
      authorizationInfo: [
        {
          granted: true,
          permission: 'io.k8s.apps.v1.deployments.scale.update',
          resource: 'apps/v1/namespaces/shop/deployments/web/scale',
        },
      ],
      methodName: 'io.k8s.apps.v1.deployments.scale.update',
      resourceName: 'apps/v1/namespaces/shop/deployments/web/scale',
    },
  });
  const [{ verb, apiGroup, resource, subresource, namespace, names } = assert.fail()] = uses;
  assert.deepEqual(
    [verb, apiGroup, resource, subresource, namespace, names],
    ['update', 'apps', 'deployments', 'scale', 'shop', ['web']],
  );
});

test('repeats of one event count once; its beginning and its end are one', () => {
  assert.equal(read(event(), event()).uses[0]?.count, 1);
  assert.equal(
    read(event({ stage: 'RequestReceived' }), event({ stage: 'ResponseStarted' }), event()).uses[0]?.count,
    1,
  );
  const watch = event({ stage: 'ResponseStarted', verb: 'watch' });
  assert.deepEqual(
    read(watch).uses.map(({ verb, count }) => [verb, count]),
    [['watch', 1]],
    'whose end is not in this log',
  );
});

test('names that an authorizer is not shown are none: of what is made, and of what the URL does not say', () => {
  const created = event({ verb: 'create', requestURI: '/api/v1/namespaces/shop/pods' });
  assert.deepEqual(
    read(created).uses.map(({ names, nameless }) => [names, nameless]),
    [[[], true]],
  );
  const token = event({
    verb: 'create',
    requestURI: '/api/v1/namespaces/shop/serviceaccounts/app/token',
    objectRef: { resource: 'serviceaccounts', subresource: 'token', namespace: 'shop', name: 'app' },
  });
  assert.deepEqual(read(token).uses[0]?.names, ['app']);
  const one = event({
    verb: 'watch',
    requestURI: '/api/v1/namespaces/shop/pods?fieldSelector=metadata.name%3Dweb-0&watch=true',
  });
  assert.deepEqual(read(one).uses[0]?.names, ['web-0']);
});

test('paths lose their query; impersonation is the right of one and the use of another', () => {
  const { objectRef: _, ...plain } = event({ requestURI: '/openapi/v3?timeout=32s' });
  assert.deepEqual(
    read(plain).uses.map(({ path, resourceRequest }) => [path, resourceRequest]),
    [['/openapi/v3', false]],
  );
  const { uses } = read(event({ impersonatedUser: { username: 'system:serviceaccount:shop:app', groups: ['g'] } }));
  assert.deepEqual(
    uses.map(({ user, verb, resource, namespace, names }) => [user, verb, resource, namespace, names]),
    [
      ['alice', 'impersonate', 'serviceaccounts', 'shop', ['app']],
      ['system:serviceaccount:shop:app', 'get', 'pods', 'shop', ['web-0']],
    ],
  );
});

test('what is no evidence is counted, and what is no event is told by its line', () => {
  const { uses, notes, faults } = read(event({ user: {} }), event({ auditID: 'b', annotations: {} }), 'nothing', {
    some: 'thing',
  });
  assert.deepEqual(uses, []);
  assert.equal(notes.length, 2);
  assert.deepEqual(faults, ['not JSON', 'no event of a Kubernetes audit log']);
});

test('a real log: every event is read, refusals apart, memory bounded', {
  skip: existsSync(real) ? false : 'no ../shared/kubernetes here',
}, () => {
  const lines = readFileSync(real, 'utf8').trimEnd().split('\n');
  const { uses, events, faults } = read(...lines);
  assert.deepEqual(faults, []);
  assert.ok(events > 100, `${events}`);
  assert.ok(uses.some(({ decision }) => decision === 'forbid') && uses.some(({ decision }) => decision === 'allow'));
  assert.equal(read(...lines, ...lines).events, events);
});
