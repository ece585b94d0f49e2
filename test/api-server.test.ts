/** The double against what a real API server was recorded to say, and its failures by the API conventions. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { allow, type ApiServer, startApiServer } from './api-server.ts';

const recorded = new URL('../../shared/kubernetes/', import.meta.url);
const absent = existsSync(recorded) ? false : '../shared/kubernetes is not beside the checkout';
const read = (path: string): string => readFileSync(new URL(path, recorded), 'utf8');
const parsed = (path: string): Json => JSON.parse(read(path)) as Json;

/** JSON of any shape. */
interface Json {
  [field: string]: Json;
}
/** Its arrays. */
const all = (value: Json | undefined): Json[] => value as unknown as Json[];
/** Its strings. */
const word = (value: Json | undefined): string => value as unknown as string;
type Event = { type: string; object: Json };

const admin = { username: 'admin', groups: ['system:masters'] };
const agent = {
  username: 'system:serviceaccount:shop:default',
  uid: '2e04a82e-b2d4-4ab6-a160-77e0fbdedf9a',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:shop'],
  extra: { 'authentication.kubernetes.io/node-name': ['fake-1'] },
  audiences: ['kguardian-broker'],
};
const pod = (name: string, node = 'node-1', labels = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', labels },
  spec: { nodeName: node },
});

const open: ApiServer[] = [];
after(async () => {
  for (const server of open) await server.close();
});
async function start(objects: readonly object[] = []): Promise<ApiServer> {
  const tokens = { admin, agent, reader: { username: 'reader' } };
  const server = await startApiServer({ objects, tokens });
  open.push(server);
  return server;
}

interface Answered {
  readonly code: number;
  readonly body: Json;
  readonly headers: Headers;
}
async function ask(server: ApiServer, path: string, init: RequestInit = {}, token = 'admin'): Promise<Answered> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(`${server.url}${path}`, { ...init, headers });
  return { code: response.status, body: (await response.json()) as Json, headers: response.headers };
}
const post = (body: unknown): RequestInit => ({ method: 'POST', body: JSON.stringify(body) });

/** Reads this many events of a watch, after `then` was called. */
async function watch(server: ApiServer, path: string, count: number, then: () => void): Promise<Event[]> {
  const response = await fetch(`${server.url}${path}`, { headers: { authorization: 'Bearer admin' } });
  then();
  const events: Event[] = [];
  let text = '';
  for await (const chunk of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    events.push(...lines.map((line) => JSON.parse(line) as Event));
    if (events.length >= count) break;
  }
  return events;
}

/** The fields of every object in it, down to `depth`, so that shapes can be compared and values differ. */
function shape(value: unknown, depth: number): unknown {
  if (depth === 0 || typeof value !== 'object' || value === null) return typeof value;
  if (Array.isArray(value)) return 'array';
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([field, each]) => [field, shape(each, depth - 1)]),
  );
}
const without = (object: Json, field: string): Json => {
  const { [field]: _, ...rest } = object;
  return rest;
};

test('recorded lists come back as they were recorded', { skip: absent }, async () => {
  for (const file of ['pods', 'deployments', 'nodes', 'namespaces', 'endpointslices', 'clusterroles', 'cronjobs']) {
    const list = parsed(`lists/${file}.json`);
    const apiVersion = word(list['apiVersion']);
    const kind = word(list['kind']).replace(/List$/, '');
    const items = all(list['items']);
    const server = await start(items.map((item) => ({ apiVersion, kind, ...item })));
    const { code, body } = await ask(server, `${apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`}/${file}`);
    assert.equal(code, 200);
    assert.deepEqual(shape(body, 2), shape(list, 2));
    // Only the version is the double's own.
    const plain = (each: Json): unknown => ({
      ...each,
      metadata: without(each['metadata'] ?? {}, 'resourceVersion'),
    });
    assert.deepEqual(all(body['items']).map(plain), items.map(plain));
  }
});

test('a list in pages has the recorded shape, and is of one version', { skip: absent }, async () => {
  const items = all(parsed('lists/pods.json')['items']);
  const server = await start(items.map((item) => ({ apiVersion: 'v1', kind: 'Pod', ...item })));
  const first = (await ask(server, '/api/v1/pods?limit=4')).body;
  assert.deepEqual(shape(first, 2), shape(parsed('lists/pods.page-1.json'), 2));
  server.store.put(pod('zz-late'));
  const next = (token: Json | undefined): Promise<Answered> =>
    ask(server, `/api/v1/pods?limit=100&continue=${encodeURIComponent(word(token))}`);
  const second = (await next(first['metadata']?.['continue'])).body;
  const names = (list: Json[]): Set<string> => new Set(list.map((each) => word(each['metadata']?.['name'])));
  assert.deepEqual(names([...all(first['items']), ...all(second['items'])]), names(items));
  assert.equal(second['metadata']?.['resourceVersion'], first['metadata']?.['resourceVersion']);
  server.store.compact();
  const { code, body } = await next(first['metadata']?.['continue']);
  assert.equal(code, 410);
  assert.equal(body['reason'], 'Expired');
});

test('reviews are answered as recorded', { skip: absent }, async () => {
  const server = await start(allow('nobody', []));
  const plain = (review: Json): unknown => without(review, 'metadata');
  const asked = async (file: string, token?: string): Promise<[Json, Json]> => {
    const expected = parsed(`reviews/${file}.json`);
    const spec = { ...expected['spec'], ...(token === undefined ? {} : { token }) };
    const resource = word(expected['kind']).toLowerCase();
    const { code, body } = await ask(
      server,
      `/apis/${word(expected['apiVersion'])}/${resource}s`,
      post({ ...expected, spec }),
    );
    assert.equal(code, 201);
    return [body, { ...expected, spec } as unknown as Json];
  };
  for (const file of [
    'tokenreview-invalid',
    'subjectaccessreview-admin',
    'subjectaccessreview-system-serviceaccount-shop-default',
  ]) {
    const [body, expected] = await asked(file);
    assert.deepEqual(plain(body), plain(expected), file);
  }
  for (const file of ['tokenreview-ok', 'tokenreview-wrong-audience']) {
    const [body, expected] = await asked(file, 'agent');
    assert.deepEqual(shape(body['status'], 2), shape(expected['status'], 2), file);
    assert.equal(body['status']?.['error'], expected['status']?.['error']);
  }
});

test('a watch tells what the recorded one tells, selectors move objects in and out', { skip: absent }, async () => {
  const events = read('watches/pods-node-1.jsonl')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Event);
  const server = await start([pod('elsewhere', 'node-2')]);
  const { version } = server.store;
  const path = `/api/v1/pods?watch=true&allowWatchBookmarks=true&fieldSelector=spec.nodeName%3Dnode-1&resourceVersion=${version}`;
  const heard = await watch(server, path, 5, () => {
    const added = events.find(({ type }) => type === 'MODIFIED')?.object as object;
    server.store.put(added);
    server.store.put(pod('elsewhere', 'node-1'));
    server.store.put(pod('elsewhere', 'node-2'));
    const { name, namespace } = (added as { metadata: { name: string; namespace: string } }).metadata;
    server.store.remove('v1', 'Pod', namespace, name);
    server.bookmark();
  });
  assert.deepEqual(
    heard.map(({ type }) => type),
    ['ADDED', 'ADDED', 'DELETED', 'DELETED', 'BOOKMARK'],
  );
  const bookmark = events.find(({ type }) => type === 'BOOKMARK')?.object;
  if (bookmark !== undefined) assert.equal(heard[4]?.object['kind'], bookmark['kind']);
  assert.equal(heard[4]?.object['metadata']?.['resourceVersion'], String(server.store.version));
});

test('a watch goes on from the version of a list, and from a compacted one it is told to list again', async () => {
  const server = await start([pod('a')]);
  const { body } = await ask(server, '/api/v1/namespaces/shop/pods');
  const from = word(body['metadata']?.['resourceVersion']);
  server.store.put(pod('between'));
  const path = `/api/v1/namespaces/shop/pods?watch=1&resourceVersion=${from}`;
  const heard = await watch(server, path, 2, () => void server.store.put(pod('after')));
  assert.deepEqual(
    heard.map(({ object }) => object['metadata']?.['name']),
    ['between', 'after'],
  );
  server.store.compact();
  const [gone] = await watch(server, path, 1, () => undefined);
  assert.equal(gone?.type, 'ERROR');
  assert.equal(gone?.object['code'], 410);
  assert.equal(gone?.object['reason'], 'Expired');
});

test('what RBAC does not grant is forbidden, by the recorded words', { skip: absent }, async () => {
  const server = await start(
    allow('reader', [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }], 'shop'),
  );
  assert.equal((await ask(server, '/api/v1/namespaces/shop/pods', {}, 'reader')).code, 200);
  assert.equal((await ask(server, '/api/v1/pods', {}, 'reader')).code, 403);
  const { code, body } = await ask(server, '/api/v1/secrets', {}, 'reader');
  assert.equal(code, 403);
  assert.equal(
    `Error from server (${word(body['reason'])}): ${word(body['message'])}`.replace(
      '"reader"',
      '"system:serviceaccount:shop:default"',
    ),
    read('errors/403.txt').trim(),
  );
  assert.equal((await ask(server, '/api/v1/pods', {}, 'nobody')).code, 401);
  // A token for somebody else's audience opens nothing here.
  assert.equal((await ask(server, '/api/v1/pods', {}, 'agent')).code, 401);
});

test('what is not there, and what was changed by another, has the recorded status', { skip: absent }, async () => {
  const deployment = (replicas: number, resourceVersion?: string): object => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'cart', namespace: 'shop', ...(resourceVersion === undefined ? {} : { resourceVersion }) },
    spec: { replicas },
  });
  const server = await start([deployment(1)]);
  const path = '/apis/apps/v1/namespaces/shop/deployments/cart';
  const missing = await ask(server, '/api/v1/namespaces/shop/pods/x');
  assert.equal(
    `Error from server (${word(missing.body['reason'])}): ${word(missing.body['message'])}`,
    read('errors/404.txt').trim(),
  );
  const stale = word((await ask(server, path)).body['metadata']?.['resourceVersion']);
  const put = (body: object): RequestInit => ({ method: 'PUT', body: JSON.stringify(body) });
  assert.equal((await ask(server, path, put(deployment(2, stale)))).code, 200);
  const { code, body } = await ask(server, path, put(deployment(3, stale)));
  assert.equal(code, 409);
  assert.deepEqual(body, parsed('errors/patch-409-conflict.json'));
  assert.equal(
    (await ask(server, '/apis/apps/v1/namespaces/shop/deployments', post(deployment(1)))).body['reason'],
    'AlreadyExists',
  );
});

test('discovery names groups and resources in the recorded shape', { skip: absent }, async () => {
  const server = await start();
  const { body } = await ask(server, '/apis');
  const expected = parsed('apis.json');
  const groups = (list: Json): Map<string, unknown> =>
    new Map(all(list['groups']).map((group) => [word(group['name']), shape(group, 2)]));
  const known = groups(expected);
  for (const [name, group] of groups(body)) assert.deepEqual(group, known.get(name), name);
  const { body: apps } = await ask(server, '/apis/apps/v1');
  assert.ok(all(apps['resources']).some((each) => word(each['name']) === 'deployments'));
});

test('faults strike the requests that they are meant for, as often as was asked', async () => {
  const server = await start([pod('a')]);
  server.faults.add({ match: /^GET \/api\/v1\/pods/, answer: 429, retryAfterSeconds: 7 });
  const busy = await ask(server, '/api/v1/pods');
  assert.equal(busy.code, 429);
  assert.equal(busy.headers.get('retry-after'), '7');
  assert.equal((await ask(server, '/api/v1/pods')).code, 200);
  for (const answer of ['reset', 'cut'] as const) {
    server.faults.add({ match: /pods/, answer });
    await assert.rejects(ask(server, '/api/v1/pods'), answer);
  }
  const broken = watch(server, `/api/v1/pods?watch=true&resourceVersion=${server.store.version}`, 1, () =>
    server.breakConnections(),
  );
  await assert.rejects(broken);
  assert.equal((await ask(server, '/api/v1/pods')).code, 200);
  assert.equal(server.requests.filter(({ user }) => user === 'admin').length, 6);
});
