/** The audit webhook: a real broker takes what an API server sends, and the command line reads it back as roles. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { authorizerOf } from '#posture/rbac/authorizer.ts';
import { readRbac } from '#posture/rbac/objects.ts';
import { selfSigned } from '#broker/tls.ts';
import { allow, type ApiServer, startApiServer, type User } from './api-server.ts';
import { type Answer, type Ask, ask, type Broker, startBroker } from './broker-process.ts';
import { type Ran, run } from './cli.ts';

const real = fileURLToPath(new URL('../../shared/kubernetes/audit.log', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'kguardian-audit-'));
const file = (name: string): string => join(folder, name);
const brokerAccount = 'system:serviceaccount:kguardian:broker';
const webhook = 'system:serviceaccount:kguardian:audit-webhook';
const masters = { username: 'admin', groups: ['system:masters'] };

const tokens: Record<string, User> = {
  broker: { username: brokerAccount },
  // A token from a Secret, as an API server that starts before the broker can hold one: for the API server's own audience.
  webhook: { username: webhook },
  dev: { username: 'dev' },
  admin: masters,
};

const read = { verbs: ['get'], apiGroups: ['kguardian.dev'], resources: ['baselines'] };
const roles = { verbs: ['list'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['*'] };
const rights = [
  ...allow(brokerAccount, [
    { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'] },
    { verbs: ['create'], apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'] },
    { verbs: ['get'], apiGroups: [''], resources: ['namespaces'], resourceNames: ['kube-system'] },
  ]),
  ...allow(webhook, [{ verbs: ['create'], apiGroups: ['kguardian.dev'], resources: ['auditevents'] }]),
  ...allow('dev', [read], 'shop'),
  ...allow('dev', [roles]),
];
const granted = [
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'app', namespace: 'shop' },
    rules: [
      { verbs: ['get', 'list'], apiGroups: [''], resources: ['configmaps'] },
      { verbs: ['get'], apiGroups: [''], resources: ['secrets'] },
    ],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'app', namespace: 'shop' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'app' },
    subjects: [
      { kind: 'ServiceAccount', name: 'app', namespace: 'shop' },
      { kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'devs' },
    ],
  },
];

let api: ApiServer;
let broker: Broker;
let ca: string;

before(async () => {
  const { key, cert } = await selfSigned();
  ca = cert;
  const kubeSystem = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', uid: 'the-cluster' } };
  api = await startApiServer({ tls: { key, cert }, tokens, objects: [...rights, ...granted, kubeSystem] });
  writeFileSync(file('kubeconfig'), api.kubeconfig('broker'));
  for (const name of ['dev', 'admin']) writeFileSync(file(`kubeconfig-${name}`), api.kubeconfig(name, 'shop'));
  writeFileSync(file('tls.key'), key);
  writeFileSync(file('tls.crt'), cert);
  broker = await startBroker([
    ...['--listen', '127.0.0.1:0', '--database', file('broker.db'), '--kubeconfig', file('kubeconfig')],
    ...['--tls-cert', file('tls.crt'), '--tls-key', file('tls.key'), '--resolution', '0s'],
  ]);
});
after(async () => {
  // One of them may have failed to start.
  await (broker as Broker | undefined)?.end();
  await (api as ApiServer | undefined)?.close();
  rmSync(folder, { recursive: true });
});

const event = (auditID: string, more: object = {}): object => ({
  level: 'Metadata',
  auditID,
  stage: 'ResponseComplete',
  requestURI: '/api/v1/namespaces/shop/configmaps/settings',
  verb: 'get',
  user: { username: 'system:serviceaccount:shop:app', groups: ['system:serviceaccounts', 'system:authenticated'] },
  objectRef: { resource: 'configmaps', namespace: 'shop', name: 'settings', apiVersion: 'v1' },
  responseStatus: { code: 200 },
  requestReceivedTimestamp: new Date().toISOString(),
  annotations: { 'authorization.k8s.io/decision': 'allow' },
  ...more,
});
const list = (...items: object[]): string =>
  JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items });
const asked = (path: string, how: Ask = {}): Promise<Answer> => ask(`${broker.url}${path}`, { ca, ...how });
const send = (body: string | Buffer, token?: string): Promise<Answer> =>
  asked('/audit', { method: 'POST', body, ...(token === undefined ? {} : { token }) });
const kguardian = (as: string, ...argv: string[]): Promise<Ran> =>
  run([
    ...argv,
    '--kubeconfig',
    file(`kubeconfig-${as}`),
    '--broker',
    broker.url,
    '--broker-ca',
    file('tls.crt'),
    '--token',
    as,
  ]);

test('an API server with the right to is believed, nobody else is, and nothing of what was refused is kept', async () => {
  for (const [token, code, reason] of [
    [undefined, 401, /bearer token is needed/],
    ['made-up', 401, /does not know this token/],
    ['dev', 403, /dev may not create auditevents.kguardian.dev/],
    ['broker', 403, /may not create auditevents/],
  ] as const) {
    const answer = await send(list(event('a')), token);
    assert.equal(answer.code, code);
    assert.match(answer.json()['error'] as string, reason);
  }
  const empty = await asked('/v1/api-uses', { token: 'admin' });
  assert.deepEqual([empty.code, empty.body.length], [200, 0]);
  const stored = await send(list(event('a')), 'webhook');
  assert.deepEqual([stored.code, stored.json()], [200, { events: 1, rights: 1, new: 1 }]);
});

test('a batch that comes twice says nothing new; what began and what ended are one use; bodies are not kept', async () => {
  const secret = { requestObject: { data: { password: 'c2VjcmV0' } }, responseObject: { data: 'c2VjcmV0' } };
  const listing = { verb: 'list', requestURI: '/api/v1/namespaces/shop/configmaps' };
  const batch = list(
    event('b', { ...listing, ...secret, objectRef: { resource: 'configmaps', namespace: 'shop' } }),
    event('b', { ...listing, stage: 'ResponseStarted', objectRef: { resource: 'configmaps', namespace: 'shop' } }),
    event('c', { stage: 'RequestReceived' }),
    event('d', { user: { username: 'system:anonymous' }, annotations: { 'authorization.k8s.io/decision': 'forbid' } }),
  );
  assert.deepEqual((await send(batch, 'webhook')).json(), { events: 4, rights: 1, new: 1 });
  assert.deepEqual((await send(batch, 'webhook')).json(), { events: 4, rights: 1, new: 0 });
  const kept = (await asked('/v1/api-uses', { token: 'admin' })).body.toString('utf8');
  assert.equal(kept.trimEnd().split('\n').length, 2);
  assert.doesNotMatch(kept, /c2VjcmV0|anonymous/);
  assert.doesNotMatch(readFileSync(file('broker.db')).toString('latin1'), /c2VjcmV0/);
});

test('what is no batch of events is refused with its place, and one that is too large at once', async () => {
  for (const [body, code, reason] of [
    ['', 400, /not JSON/],
    ['{"kind":"EventList"', 400, /not JSON/],
    [JSON.stringify({ kind: 'PodList', apiVersion: 'v1', items: [] }), 400, /body\.kind/],
    [JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items: [{}] }), 400, /body\.items\.0\.auditID/],
  ] as const) {
    const answer = await send(body, 'webhook');
    assert.equal(answer.code, code, answer.body.toString('utf8'));
    assert.match(answer.json()['error'] as string, reason);
  }
  // Who is refused for the size alone may find the connection closed before he has sent all of it.
  const large = await send(Buffer.alloc(11 << 20, 0x20), 'webhook').catch(() => null);
  if (large !== null) assert.equal(large.code, 413);
  const isTold = (): boolean => broker.log.some(({ operation, code }) => operation === 'auditEvents' && code === 413);
  for (let tries = 0; tries < 100 && !isTold(); tries += 1) await setTimeout(50);
  assert.ok(isTold(), broker.text().slice(-2000));
});

test('readers see the accounts of their namespace, and people only who may read everything', async () => {
  await send(list(event('e', { user: { username: 'alice', groups: ['devs', 'system:authenticated'] } })), 'webhook');
  const users = async (token: string, query: string): Promise<unknown> => {
    const { code, body } = await asked(`/v1/api-uses${query}`, { token });
    if (code !== 200) return code;
    const lines = body
      .toString('utf8')
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '');
    return [...new Set(lines.map((line) => (JSON.parse(line) as { user: string }).user))].toSorted();
  };
  assert.deepEqual(await users('dev', '?namespace=shop'), ['system:serviceaccount:shop:app']);
  assert.equal(await users('dev', ''), 403);
  assert.equal(await users('dev', '?user=alice'), 403);
  assert.equal(await users('dev', '?namespace=bank'), 403);
  assert.deepEqual(await users('admin', '?user=alice'), ['alice']);
  assert.deepEqual(await users('admin', '?namespace=bank'), []);
  assert.deepEqual(await users('admin', '?since=2099-01-01T00:00:00Z'), []);
});

test('gen rbac NAME -n NS writes the role from what the webhook told', async () => {
  const { code, stdout, stderr } = await kguardian('dev', 'gen', 'rbac', 'app', '-n', 'shop');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /kind: Role\nmetadata:\n {2}name: app\n {2}namespace: shop/);
  assert.match(stdout, /- settings\n {2}verbs:\n {2}- get/);
  assert.match(stderr, /as the audit webhook told the broker/);
  assert.match(stderr, /the authorizer allows 2 of 2 requests that were allowed/);
  const none = await kguardian('dev', 'gen', 'rbac', 'other', '-n', 'shop');
  assert.equal(none.code, 1, none.stderr);
  const group = await kguardian('admin', 'gen', 'rbac', '--group', 'devs', '-o', 'json');
  assert.equal(group.code, 0, group.stderr);
  assert.match(group.stdout, /"subjects":\[\{"kind":"Group","apiGroup":"rbac.authorization.k8s.io","name":"devs"\}\]/);
});

test('audit rbac holds what is granted in the cluster against it; where a reader may not know, it says so', async () => {
  interface Told {
    rules: { subject: { kind: string }; index: number; usage: string; why?: string; risks: { id: string }[] }[];
  }
  const rows = async (as: string): Promise<unknown[]> => {
    const { code, stdout, stderr } = await kguardian(as, 'audit', 'rbac', '-n', 'shop', '-o', 'json');
    assert.equal(code, 0, stderr);
    return (JSON.parse(stdout) as Told).rules
      .filter(({ subject }) => subject.kind !== 'User')
      .map(({ subject, index, usage, why, risks }) => [
        risks[0]?.id,
        subject.kind,
        index,
        usage,
        ...(why === undefined ? [] : [why]),
      ]);
  };
  assert.deepEqual(await rows('admin'), [
    ['secrets', 'Group', 1, 'never'],
    ['secrets', 'ServiceAccount', 1, 'never'],
    [undefined, 'Group', 0, 'partly'],
    [undefined, 'ServiceAccount', 0, 'partly'],
  ]);
  assert.deepEqual(await rows('dev'), [
    ['secrets', 'ServiceAccount', 1, 'never'],
    ['secrets', 'Group', 1, 'unknown', 'not of this namespace'],
    [undefined, 'Group', 0, 'unknown', 'not of this namespace'],
    [undefined, 'ServiceAccount', 0, 'partly'],
  ]);
  const failed = await kguardian('admin', 'audit', 'rbac', '-n', 'shop', '--fail-on', 'unused-risk');
  assert.equal(failed.code, 1, failed.stderr);
});

test("a real API server's log, in batches: what the broker keeps is what the file says, but for counts", {
  skip: existsSync(real) ? false : 'no ../shared/kubernetes here',
}, async () => {
  const lines = readFileSync(real, 'utf8').trimEnd().split('\n');
  for (let at = 0; at < lines.length; at += 40)
    assert.equal(
      (
        await send(
          `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[${lines.slice(at, at + 40).join()}]}`,
          'webhook',
        )
      ).code,
      200,
    );
  const fromFile = await run(['gen', 'rbac', 'operator', '--audit-log', real, '-n', 'shop']);
  const fromBroker = await kguardian('admin', 'gen', 'rbac', 'operator', '-n', 'shop');
  assert.equal(fromBroker.code, 0, fromBroker.stderr);
  assert.equal(fromBroker.stdout, fromFile.stdout);
});

test('the manifests of docs/audit-webhook.md give the account that right and no other', () => {
  const text = readFileSync(new URL('../docs/audit-webhook.md', import.meta.url), 'utf8');
  const [manifests = ''] = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block = '']) => block);
  const authorizer = authorizerOf(readRbac(manifests).objects);
  const asks = (verb: string, resource: string): boolean =>
    authorizer.authorize({
      user: { name: 'system:serviceaccount:kguardian:kguardian-audit-webhook' },
      verb,
      resourceRequest: true,
      apiGroup: 'kguardian.dev',
      resource,
      subresource: '',
      namespace: '',
      name: '',
      path: '',
    }).allowed;
  assert.deepEqual(
    [asks('create', 'auditevents'), asks('create', 'recordings'), asks('get', 'baselines')],
    [true, false, false],
  );
});

test('metrics tell how many events were kept, and name nobody', async () => {
  const text = (await asked('/metrics')).body.toString('utf8');
  assert.match(text, /kguardian_broker_audit_events_total\{kept="yes"\} [1-9]/);
  assert.doesNotMatch(text, /alice|shop/);
});
