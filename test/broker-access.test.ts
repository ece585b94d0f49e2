/** Who may do what: the real process, against the API double. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { selfSigned } from '#broker/tls.ts';
import type { Recording } from '#observation/recording.ts';
import { allow, type ApiServer, startApiServer, type User } from './api-server.ts';
import { type Answer, type Ask, ask, type Broker, recordingsFrom, startBroker } from './broker-process.ts';
import { complete, recordingOf, type RunOf, textOf } from './cluster-recordings.ts';

const folder = mkdtempSync(join(tmpdir(), 'kguardian-broker-'));
const agentAccount = 'system:serviceaccount:kguardian:agent';
const brokerAccount = 'system:serviceaccount:kguardian:broker';

const agentOn = (node: string | null, account = agentAccount, audiences = ['kguardian-broker']): User => ({
  username: account,
  uid: `uid-of-${account}`,
  groups: ['system:serviceaccounts', 'system:serviceaccounts:kguardian'],
  extra: {
    'authentication.kubernetes.io/pod-name': [`agent-on-${node}`],
    'authentication.kubernetes.io/pod-uid': [`uid-of-agent-on-${node}`],
    ...(node === null ? {} : { 'authentication.kubernetes.io/node-name': [node] }),
  },
  audiences,
});

const pod = (name: string, node: string, namespace = 'shop'): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, uid: `uid-of-${name}` },
  spec: { nodeName: node, containers: [] },
});

const tokens: Record<string, User> = {
  broker: { username: brokerAccount },
  'agent-1': agentOn('node-1'),
  'agent-2': agentOn('node-2'),
  // Of an API server that names only the pod.
  'agent-old': {
    ...agentOn(null),
    extra: {
      'authentication.kubernetes.io/pod-name': ['agent-of-2'],
      'authentication.kubernetes.io/pod-uid': ['uid-of-agent-of-2'],
    },
  },
  'agent-nowhere': { ...agentOn(null), extra: {} },
  'wrong-audience': agentOn('node-1', agentAccount, ['vault']),
  'other-account': agentOn('node-1', 'system:serviceaccount:shop:default'),
  dev: { username: 'dev' },
  stranger: { username: 'stranger' },
  'dev-for-us': { username: 'dev', audiences: ['kguardian-broker'] },
  everything: { username: 'everything' },
};

/** What the chart grants, and nothing else. */
const rights = [
  ...allow(brokerAccount, [
    { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'] },
    { verbs: ['create'], apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'] },
    { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] },
    { verbs: ['get'], apiGroups: [''], resources: ['namespaces'], resourceNames: ['kube-system'] },
  ]),
  ...allow(agentAccount, [{ verbs: ['create'], apiGroups: ['kguardian.dev'], resources: ['recordings'] }]),
  ...allow('dev', [{ verbs: ['get'], apiGroups: ['kguardian.dev'], resources: ['baselines'] }], 'shop'),
  ...allow('everything', [{ verbs: ['get'], apiGroups: ['kguardian.dev'], resources: ['baselines'] }]),
];

let api: ApiServer;
let broker: Broker;
let ca: string;

before(async () => {
  const { key, cert } = await selfSigned();
  ca = cert;
  api = await startApiServer({
    tls: { key, cert },
    tokens,
    objects: [
      ...rights,
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', uid: 'the-cluster' } },
      pod('a', 'node-1'),
      pod('b', 'node-2'),
      pod('agent-of-2', 'node-2', 'kguardian'),
    ],
  });
  for (const [name, text] of [
    ['kubeconfig', api.kubeconfig('broker')],
    ['tls.key', key],
    ['tls.crt', cert],
  ] as const) {
    writeFileSync(join(folder, name), text);
  }
  const file = (name: string): string => join(folder, name);
  broker = await startBroker([
    ...['--listen', '127.0.0.1:0', '--database', file('broker.db'), '--kubeconfig', file('kubeconfig')],
    ...['--tls-cert', file('tls.crt'), '--tls-key', file('tls.key'), '--resolution', '0s'],
    ...['--requests-per-minute', '200'],
  ]);
});
after(async () => {
  // One of them may have failed to start.
  await (broker as Broker | undefined)?.end();
  await (api as ApiServer | undefined)?.close();
  rmSync(folder, { recursive: true });
});

const asked = (path: string, how: Ask = {}): Promise<Answer> => ask(`${broker.url}${path}`, { ca, ...how });
const recording = (run: RunOf): Recording => recordingOf({ cluster: 'the-cluster', ...run });
const report = (of: Recording, token?: string): Promise<Answer> =>
  asked('/v1/recordings', { method: 'POST', body: textOf(of), ...(token === undefined ? {} : { token }) });
const everything = (): Promise<Recording[]> => recordingsFrom(broker.url, { ca, token: 'everything' });

const own = (): Recording => recording({ pod: 'a', node: 'node-1', facts: 3 });

test('an agent reports the pods of its own node, and whoever may read reads them', async () => {
  const stored = await report(own(), 'agent-1');
  assert.equal(stored.code, 200, stored.body.toString());
  assert.deepEqual(stored.json(), { containers: 1, observations: 3, new: 5 });
  assert.deepEqual((await report(own(), 'agent-1')).json(), { containers: 1, observations: 3, new: 0 });
  const ofTwo = await report(recording({ pod: 'b', node: 'node-2', facts: 1 }), 'agent-old');
  assert.equal(ofTwo.code, 200, ofTwo.body.toString());
  const runs = (await everything()).flatMap(({ containers }) => containers.map(({ id }) => id));
  assert.deepEqual(runs.toSorted(), ['run-of-a', 'run-of-b']);
  for (const token of ['dev', 'dev-for-us']) {
    assert.equal((await asked('/v1/recordings?namespace=shop', { token })).code, 200, token);
  }
});

test('what is not proved is refused, changes nothing and is logged', async () => {
  const before = await everything();
  const cases: [string, Recording, string | undefined, number, RegExp][] = [
    ['no token', own(), undefined, 401, /bearer token is needed/],
    ['an unknown token', own(), 'made-up-secret', 401, /does not know this token/],
    ['a token for another audience', own(), 'wrong-audience', 401, /audience "kguardian-broker"/],
    ["a reader's token", own(), 'dev', 401, /audience/],
    ["another account's token", own(), 'other-account', 403, /may not create recordings/],
    ['a token without a node', own(), 'agent-nowhere', 403, /not bound to a pod on a node/],
    ["another node's pod, by its own words", own(), 'agent-2', 403, /of node "node-1", the token is of "node-2"/],
    [
      "another node's pod, said to be its own",
      recording({ pod: 'a', node: 'node-2', facts: 1 }),
      'agent-2',
      403,
      /not of a pod of node/,
    ],
    [
      "another's name on its own pod",
      recording({ pod: 'x', uid: 'uid-of-a', facts: 1 }),
      'agent-1',
      403,
      /not of a pod of node/,
    ],
    [
      "another namespace's pod",
      recording({ pod: 'a', namespace: 'bank', facts: 1 }),
      'agent-1',
      403,
      /not of a pod of node/,
    ],
    [
      'another cluster',
      recordingOf({ pod: 'a', cluster: 'elsewhere', facts: 1 }),
      'agent-1',
      403,
      /cluster "elsewhere"/,
    ],
    ['a run of no pod', withoutPod(own()), 'agent-1', 403, /names no pod/],
  ];
  for (const [what, of, token, code, reason] of cases) {
    const answer = await report(of, token);
    assert.equal(answer.code, code, `${what}: ${answer.body.toString()}`);
    assert.match(answer.json()['error'] as string, reason, what);
    assert.equal(answer.headers['retry-after'], /may not create/.test(reason.source) ? '30' : undefined, what);
    if (code === 401) assert.equal(answer.headers['www-authenticate'], 'Bearer');
  }
  // Honest ones among them go with the forged: one body is stored whole, or not at all.
  const mixed = complete(
    [...own().containers, ...recording({ pod: 'b', node: 'node-2', facts: 1 }).containers],
    [...recording({ pod: 'a', facts: 9 }).observations],
    [],
  );
  assert.equal((await report(mixed, 'agent-1')).code, 403);
  assert.deepEqual(await everything(), before);
  const refused = broker.log.filter(({ msg }) => msg === 'refused');
  assert.equal(refused.length, cases.length + 1);
  assert.ok(refused.every(({ reason, remote }) => typeof reason === 'string' && remote === '127.0.0.1'));
  for (const secret of ['made-up-secret', 'wrong-audience', 'agent-nowhere']) {
    assert.ok(!broker.text().includes(secret), secret);
  }
});

test('a pod that is gone is taken at its word, and counted', async () => {
  const gone = recording({ pod: 'gone', node: 'node-1', facts: 1 });
  assert.equal((await report(gone, 'agent-1')).code, 200);
  const { body } = await asked('/metrics');
  assert.match(body.toString(), /^kguardian_broker_unverified_pods_total 1$/m);
});

test('readers see the namespaces that they may read', async () => {
  const paths: [string, string | undefined, number][] = [
    ['/v1/workloads?namespace=shop', undefined, 401],
    ['/v1/workloads?namespace=shop', 'stranger', 403],
    ['/v1/workloads?namespace=bank', 'dev', 403],
    ['/v1/workloads', 'dev', 403],
    ['/v1/workloads?namespace=shop', 'dev', 200],
    ['/v1/workloads', 'everything', 200],
    ['/v1/recordings', 'dev', 403],
    ['/v1/recordings?namespace=shop', 'agent-1', 403],
    ['/healthz', undefined, 200],
    ['/readyz', undefined, 200],
    ['/openapi.json', undefined, 200],
  ];
  for (const [path, token, code] of paths) {
    const answer = await asked(path, token === undefined ? {} : { token });
    assert.equal(answer.code, code, `${path} by ${token}: ${answer.body.toString()}`);
  }
  for (const operation of ['prove', 'explain', 'audit', 'generate/seccomp']) {
    const scope = { namespace: 'bank', ...(operation === 'audit' ? { since: '7d' } : {}) };
    const body = JSON.stringify(operation.startsWith('generate') ? { scope } : { artifact: 'x', scope });
    assert.equal((await asked(`/v1/${operation}`, { method: 'POST', body, token: 'dev' })).code, 403, operation);
    assert.equal((await asked(`/v1/${operation}`, { method: 'POST', body })).code, 401, operation);
  }
});

test('answers of the API server are remembered for a while, failures of it are temporary', async () => {
  const reviews = (): number => api.requests.filter(({ path }) => path.includes('tokenreviews')).length;
  await asked('/v1/workloads?namespace=shop', { token: 'dev' });
  const before = reviews();
  for (let i = 0; i < 5; i += 1) await asked('/v1/workloads?namespace=shop', { token: 'dev' });
  assert.equal(reviews(), before);
  api.tokens.set('late', agentOn('node-1'));
  for (const answer of [500, 'reset', 429] as const) {
    api.faults.add({ match: /tokenreviews/, answer });
    const failed = await report(own(), 'late');
    assert.equal(failed.code, 503, `${answer}: ${failed.body.toString()}`);
    assert.ok(Number(failed.headers['retry-after']) > 0);
  }
  assert.equal((await report(own(), 'late')).code, 200);
});

test('one sender that asks too much is told so, and others are served', async () => {
  const codes: number[] = [];
  for (let i = 0; i < 210; i += 1)
    codes.push((await asked('/v1/workloads?namespace=shop', { token: 'stranger' })).code);
  assert.deepEqual([...new Set(codes)], [403, 429]);
  assert.equal((await asked('/v1/workloads?namespace=shop', { token: 'dev' })).code, 200);
  for (let i = 0; i < 61; i += 1) await asked('/v1/workloads', { token: `guess-${i}` });
  assert.equal((await asked('/v1/workloads', { token: 'guess-again' })).code, 429);
  assert.equal((await asked('/v1/workloads?namespace=shop', { token: 'dev' })).code, 200);
});

function withoutPod(of: Recording): Recording {
  return { ...of, containers: of.containers.map(({ pod: _pod, ...rest }) => rest) };
}
