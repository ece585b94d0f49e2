/** Kubernetes audit logs in their framings, and a real one (../shared/kubernetes/audit.log). */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type ApiUse, joinedUse } from '#kubernetes/api-use.ts';
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
      ['alice', 'impersonate', 'groups', '', ['g']],
      ['alice', 'impersonate', 'serviceaccounts', 'shop', ['app']],
      ['system:serviceaccount:shop:app', 'get', 'pods', 'shop', ['web-0']],
    ],
  );
});

test('whoever impersonates is asked for the groups, the uid and the extras too, but for those that the server adds', () => {
  const account = 'system:serviceaccount:shop:app';
  const rights = (impersonatedUser: object) =>
    read(event({ impersonatedUser }))
      .uses.filter(({ verb }) => verb === 'impersonate')
      .map(({ apiGroup, resource, subresource, names }) => [apiGroup, resource, subresource, ...names]);
  assert.deepEqual(
    rights({
      username: account,
      groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
    }),
    [['', 'serviceaccounts', '', 'app']],
  );
  assert.deepEqual(
    rights({
      username: 'bob',
      uid: '7',
      groups: ['devs', 'system:authenticated'],
      extra: { scopes: ['view', 'edit'] },
    }),
    [
      ['', 'groups', '', 'devs'],
      ['', 'users', '', 'bob'],
      ['authentication.k8s.io', 'uids', '', '7'],
      ['authentication.k8s.io', 'userextras', 'scopes', 'edit', 'view'],
    ],
  );
});

test('constrained impersonation is a right by its own verb, and another one on what is done so', () => {
  const rights = (username: string, impersonationConstraint: string) =>
    read(event({ impersonatedUser: { username }, authenticationMetadata: { impersonationConstraint } }))
      .uses.filter(({ user }) => user === 'alice')
      .map(({ verb, apiGroup, resource, namespace, names }) => [verb, apiGroup, resource, namespace, ...names]);
  assert.deepEqual(rights('bob', 'impersonate:user-info'), [
    ['impersonate-on:user-info:get', '', 'pods', 'shop', 'web-0'],
    ['impersonate:user-info', 'authentication.k8s.io', 'users', '', 'bob'],
  ]);
  assert.deepEqual(rights('system:node:n1', 'impersonate:arbitrary-node')[1], [
    'impersonate:arbitrary-node',
    'authentication.k8s.io',
    'nodes',
    '',
    'n1',
  ]);
});

test('an object that is called as its resource or its namespace shows no name when it is made', () => {
  const made = (namespace: string, resource: string, name: string) =>
    read(
      event({
        verb: 'create',
        requestURI: `/api/v1/namespaces/${namespace}/${resource}`,
        objectRef: { resource, namespace, name },
      }),
    ).uses[0]?.names;
  assert.deepEqual(made('shop', 'configmaps', 'configmaps'), []);
  assert.deepEqual(made('configmaps', 'configmaps', 'configmaps'), []);
  assert.deepEqual(made('shop', 'configmaps', 'shop'), []);
});

test('law: the order of events changes nothing, names beyond fifty are counted as more', () => {
  const events = Array.from({ length: 200 }, (_, at) =>
    event({
      auditID: `a-${at}`,
      requestURI: `/api/v1/namespaces/shop/pods/web-${(at * 37) % 113}`,
      user: { username: 'alice', groups: [`g-${at % 3}`] },
      objectRef: { resource: 'pods', namespace: 'shop', name: `web-${(at * 37) % 113}` },
    }),
  );
  const forward = read(...events).uses;
  assert.deepEqual(read(...events.toReversed()).uses, forward);
  assert.deepEqual([forward[0]?.names.length, forward[0]?.manyNames, forward[0]?.count], [50, true, 200]);
  const halves = [read(...events.slice(0, 90)).uses, read(...events.slice(70)).uses].map(([use]) => use as ApiUse);
  const [a, b] = halves as [ApiUse, ApiUse];
  assert.deepEqual(joinedUse(a, b), { ...forward[0], count: null });
  assert.deepEqual(joinedUse(b, a), joinedUse(joinedUse(a, b), b));
});

test('whoever probes for more and more paths fills no memory, and it is told', () => {
  const { uses, notes } = read(
    ...Array.from({ length: 5100 }, (_, at) =>
      event({ auditID: `p-${at}`, requestURI: `/probe/${at}`, objectRef: undefined }),
    ),
  );
  assert.equal(uses.length, 5000);
  assert.match(notes.join(), /^100 events of rights beyond the first 5000 of a user/);
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
