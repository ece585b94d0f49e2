/** The cluster as the agent follows it: recorded traffic, and the failures that were not recorded. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apiServer } from '#agent/cluster/api-server.ts';
import { clusterUid, type ClusterView, clusterView } from '#agent/cluster/cluster-view.ts';
import { podObject } from './agent-run.ts';
import { type ApiServer, startApiServer } from './api-server.ts';

const recorded = fileURLToPath(new URL('../../shared/kubernetes', import.meta.url));
const skip = existsSync(recorded) ? false : 'no ../shared/kubernetes beside the checkout';

interface Followed {
  readonly server: ApiServer;
  readonly view: ClusterView;
  readonly until: (what: string, holds: () => boolean) => Promise<void>;
}

async function followed(objects: readonly object[], node = 'node-1'): Promise<Followed> {
  const folder = mkdtempSync(join(tmpdir(), 'kguardian-view-'));
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 't');
  const server = await startApiServer({ objects, tokens: { t: { username: 'agent', groups: ['system:masters'] } } });
  const ending = new AbortController();
  const api = apiServer({ url: server.url, tokenFile, caFile: null });
  const view = clusterView({ api, node, cidrs: [], signal: ending.signal });
  after(async () => {
    ending.abort();
    api.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    server,
    view,
    async until(what, holds) {
      for (let tries = 0; tries < 300; tries += 1) {
        if (holds()) return;
        await sleep(50);
      }
      throw new Error(`never came to be: ${what}; ${JSON.stringify(view.following)}`);
    },
  };
}

interface List {
  readonly kind: string;
  readonly apiVersion: string;
  readonly items: readonly { readonly metadata: Record<string, unknown>; readonly status?: Record<string, unknown> }[];
}

function items(name: string): object[] {
  const list = JSON.parse(readFileSync(`${recorded}/lists/${name}.json`, 'utf8')) as List;
  return list.items.map((item) => ({ kind: list.kind.replace(/List$/, ''), apiVersion: list.apiVersion, ...item }));
}

test('of a recorded cluster, every container of this node is found by its id, and every pod has its workload', {
  skip,
}, async () => {
  const names = ['namespaces', 'nodes', 'pods', 'services', 'endpointslices', 'replicasets', 'jobs'];
  const objects = names.flatMap(items);
  const { view, until } = await followed(objects);
  await until('all is listed', () => view.listed);
  const pods = items('pods') as {
    metadata: { name: string; namespace: string; uid: string };
    spec: { nodeName?: string };
    status: { podIP?: string; containerStatuses?: { name: string; containerID?: string }[] };
  }[];
  const own = pods.filter(({ spec }) => spec.nodeName === 'node-1');
  assert.ok(own.length > 0);
  let found = 0;
  for (const { metadata, status } of own) {
    for (const { name, containerID } of status.containerStatuses ?? []) {
      if (containerID === undefined) continue;
      const known = view.pods.find(containerID.replace(/^[a-z-]+:\/\//, ''), metadata.uid);
      assert.deepEqual([known?.pod.name, known?.container.name], [metadata.name, name]);
      found += 1;
    }
  }
  assert.ok(found > 0, 'the recorded cluster ran containers');
  const kinds = new Set<string>();
  for (const { status } of pods) {
    if (status.podIP === undefined) continue;
    const met = view.peers.resolve({
      direction: 'egress',
      protocol: 'tcp',
      ip: status.podIP,
      port: 80,
      before: null,
      at: Date.now() - 60_000,
      names: () => [],
    });
    for (const { peer } of met ?? []) kinds.add(peer.type === 'workload' ? peer.workload.kind : peer.type);
  }
  // The DaemonSet's pods are on their nodes' network, the Jobs' pods have finished.
  assert.deepEqual([...kinds].toSorted(), ['Deployment', 'StatefulSet', 'node', 'unresolved']);
});

const id = (digit: string): string => digit.repeat(64);
const pod = (name: string, digit: string, more: object = {}): object =>
  podObject({
    uid: `uid-${name}`,
    name,
    ip: `10.244.0.${digit}`,
    containers: [{ name: 'app', id: id(digit) }],
    ...more,
  });

for (const [what, fail] of [
  [
    '410 Gone',
    ({ server }: Followed) => {
      server.faults.add({ match: /watch=true/, answer: 410, times: 3 });
      server.store.compact();
    },
  ],
  ['429', ({ server }: Followed) => server.faults.add({ match: /./, answer: 429, times: 8 })],
  ['500', ({ server }: Followed) => server.faults.add({ match: /./, answer: 500, times: 8 })],
  [
    'a list that breaks in its middle',
    ({ server }: Followed) => {
      server.faults.add({ match: /watch=true/, answer: 410, times: 8 });
      server.faults.add({ match: /limit=/, answer: 'cut', times: 4 });
    },
  ],
  [
    'a connection that breaks again and again',
    ({ server }: Followed) => server.faults.add({ match: /watch=true/, answer: 'reset', times: 12 }),
  ],
] as const) {
  test(`after ${what} what came and what went meanwhile is known`, async () => {
    const run = await followed([pod('stays', '1'), pod('goes', '2')]);
    const { view, server, until } = run;
    await until('both are known', () => view.listed && view.pods.count === 2);
    fail(run);
    server.breakConnections();
    server.store.put(pod('comes', '3'));
    server.store.remove('v1', 'Pod', 'shop', 'goes');
    await until('the new one is known', () => view.pods.find(id('3'), 'uid-comes') !== null);
    await until('the old one is gone', () => view.pods.count === 2);
    assert.notEqual(view.pods.find(id('2'), 'uid-goes'), null, 'what it ran is still named');
    await until('all is well again', () => Object.values(view.following).every(({ trouble }) => trouble === null));
  });
}

test('a pod of the same name with another uid takes nothing from the first', async () => {
  const { view, server, until } = await followed([pod('db-0', '1')]);
  await until('it is known', () => view.pods.find(id('1'), 'uid-db-0') !== null);
  server.store.put(podObject({ uid: 'another', name: 'db-0', containers: [{ name: 'app', id: id('2') }] }));
  await until('the second is known', () => view.pods.find(id('2'), 'another') !== null);
  assert.equal(view.pods.find(id('1'), 'uid-db-0')?.pod.uid, 'uid-db-0');
  assert.equal(view.pods.find(id('1'), 'another'), null);
});

test('pods of other nodes name addresses, and no containers of ours', async () => {
  const { view, until } = await followed([pod('here', '1'), pod('there', '2', { node: 'node-2' })]);
  await until('all is listed', () => view.listed);
  assert.equal(view.pods.find(id('2'), 'uid-there'), null);
  assert.equal(view.peers.size, 2);
});

test('a cluster is told by the uid of its first namespace', async () => {
  const { server } = await followed([
    { kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'kube-system', uid: 'the-cluster' } },
  ]);
  server.tokens.set('bare', { username: 'x', groups: ['system:masters'] });
  const folder = mkdtempSync(join(tmpdir(), 'kguardian-view-'));
  writeFileSync(join(folder, 'token'), 'bare');
  const api = apiServer({ url: server.url, tokenFile: join(folder, 'token'), caFile: null });
  assert.equal(await clusterUid(api), 'the-cluster');
  api.close();
  rmSync(folder, { recursive: true, force: true });
});
