/**
 * Real traffic: four pods with nginx, redis, a DNS server and a client, recorded by our sensors; policies written from
 * that; the kernel enforces them. What was seen goes on working, everything else is refused, as the judge says.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { record, type Recorded } from '#agent/record.ts';
import { fold } from '#baseline/fold.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import { clusterForm } from '#kubernetes/cluster-form.ts';
import { whoseIn } from '#kubernetes/whose.ts';
import type { Observation, Peer } from '#observation/observation.ts';
import { readRecording } from '#observation/reading.ts';
import type { Recording } from '#observation/recording.ts';
import { writeRecording } from '#observation/writing.ts';
import { networkpolicy } from '#policies/networkpolicy/index.ts';
import { generateProved } from '#proof/generate.ts';
import type { Attempt, Ended } from './connections.ts';
import { withoutRoot } from './lab.ts';
import { makeNetwork, type Namespace, type Network, withoutNamespaces } from './network-namespaces.ts';
import { rulesetOf } from './nftables.ts';

const names = ['client', 'web', 'redis', 'dns'] as const;
type Name = (typeof names)[number];
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

interface Edge extends Omit<Attempt, 'ip'> {
  readonly from: Name;
  readonly to: Name;
  readonly family: 0 | 1;
}
/** What the application does. */
const used: readonly Edge[] = [
  { from: 'client', to: 'web', port: 8080, protocol: 'TCP', family: 0 },
  { from: 'client', to: 'web', port: 8080, protocol: 'TCP', family: 1 },
  { from: 'client', to: 'redis', port: 6379, protocol: 'TCP', family: 0 },
  { from: 'client', to: 'dns', port: 53, protocol: 'UDP', family: 0 },
  { from: 'web', to: 'dns', port: 53, protocol: 'UDP', family: 1 },
];
const listening: readonly (readonly [Name, number, 'TCP' | 'UDP'])[] = [
  ['web', 8080, 'TCP'],
  ['web', 8081, 'TCP'],
  ['redis', 6379, 'TCP'],
  ['dns', 53, 'UDP'],
  ['dns', 53, 'TCP'],
];
/** Everybody to everything that listens, over both families. */
const all: readonly Edge[] = names.flatMap((from) =>
  listening.flatMap(([to, port, protocol]) =>
    from === to ? [] : ([0, 1] as const).map((family): Edge => ({ from, to, port, protocol, family })),
  ),
);

function clusterOf(pods: Network['pods']): Cluster {
  return clusterForm.parse({
    namespaces: { shop: {} },
    workloads: names.map((name) => ({ namespace: 'shop', kind: 'Deployment', name, selector: { app: name } })),
    pods: names.map((name) => ({
      namespace: 'shop',
      name: `${name}-1`,
      labels: { app: name },
      ips: pods[name]?.ips,
      node: 'n1',
      owner: { kind: 'Deployment', name },
    })),
  });
}

async function startServers(pods: Network['pods'], folder: string): Promise<void> {
  const conf = join(folder, 'nginx.conf');
  const listens = ['8080', '[::]:8080', '8081', '[::]:8081'].map((each) => `listen ${each};`).join(' ');
  writeFileSync(
    conf,
    `daemon off; master_process off; pid ${folder}/pid; error_log stderr crit; events {} http { access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s; server { ${listens} return 200 ok; } }`,
  );
  pods['web']?.start(['nginx', '-c', conf]);
  pods['redis']?.start([
    'redis-server',
    '--bind',
    '0.0.0.0',
    '::',
    '--protected-mode',
    'no',
    '--save',
    '',
    '--dir',
    folder,
  ]);
  pods['dns']?.start([process.execPath, here('dns-server.ts')]);
  // Ready when everything answers; this is before anybody records.
  for (let round = 0; round < 40; round += 1) {
    const ended = await tried(pods, all);
    if (ended.every((each) => each === 'answered')) return;
    await sleep(250);
  }
  assert.fail('the servers did not start');
}

/** How each connection ended, in the order of the edges. */
async function tried(pods: Network['pods'], edges: readonly Edge[]): Promise<Ended[]> {
  const found = new Map<Edge, Ended>();
  await Promise.all(
    names.map(async (from) => {
      const own = edges.filter((each) => each.from === from);
      if (own.length === 0) return;
      const attempts = own.map(
        ({ to, port, protocol, family }): Attempt => ({ ip: pods[to]?.ips[family] ?? '', port, protocol }),
      );
      const out = await pods[from]?.run([process.execPath, here('connections.ts')], JSON.stringify(attempts));
      for (const [at, ended] of (JSON.parse(out ?? '[]') as Ended[]).entries())
        found.set(own[at] ?? assert.fail(), ended);
    }),
  );
  return edges.map((each) => found.get(each) ?? assert.fail());
}

/** One recording a pod, from after the servers' start until after `during`. */
async function recordedWhile(
  pods: Network['pods'],
  cluster: Cluster,
  during: () => Promise<void>,
): Promise<Recording[]> {
  const stop = new AbortController();
  const running: [Name, Promise<Recorded>][] = [];
  for (const name of names) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const own = record({
      target: { type: 'cgroup', folder: (pods[name] as Namespace).cgroup.folder },
      name,
      by: 'test',
      signal: stop.signal,
      durationMs: 60_000,
      onReady: () => resolve(),
    });
    running.push([name, own]);
    // Whoever cannot record says so instead of being waited for.
    await Promise.race([promise, own]);
  }
  try {
    await during();
  } finally {
    stop.abort();
  }
  return Promise.all(
    running.map(async ([name, own]) =>
      inCluster(await readRecording(writeRecording((await own).lines)), name, cluster),
    ),
  );
}

/** What the agent of a node adds: whose container it was, and whose the addresses were. */
function inCluster(recording: Recording, name: Name, cluster: Cluster): Recording {
  const whose = whoseIn(cluster);
  const pod = {
    cluster: 'test',
    namespace: 'shop',
    kind: 'Deployment',
    name: `${name}-1`,
    uid: name,
    node: 'n1',
    labels: { app: name },
    serviceAccount: null,
    hostNetwork: false,
  };
  const id = (container: string): string => `${name}/${container}`;
  const named = (peer: Peer): Peer => {
    const owner = 'ip' in peer ? whose.owner(peer.ip) : null;
    return owner?.type === 'pod' ? { type: 'workload', workload: owner.pod.workload } : peer;
  };
  return {
    ...recording,
    containers: recording.containers.map((each) => ({ ...each, id: id(each.id), pod })),
    coverage: recording.coverage.map((each) => ({ ...each, container: id(each.container) })),
    observations: recording.observations.map(
      (each): Observation =>
        each.type === 'flow'
          ? { ...each, container: id(each.container), peer: named(each.peer) }
          : { ...each, container: id(each.container) },
    ),
  };
}

test('what was seen on the wire goes on working under the policies, and all else is refused', {
  skip: withoutRoot || withoutNamespaces(),
  timeout: 180_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kguardian-network-'));
  const network = await makeNetwork(names);
  try {
    const { pods } = network;
    const cluster = clusterOf(pods);
    await startServers(pods, folder);
    const recordings = await recordedWhile(pods, cluster, async () => {
      for (let round = 0; round < 3; round += 1)
        assert.deepEqual(new Set(await tried(pods, used)), new Set(['answered']));
      await sleep(500);
    });

    const baselines = fold(recordings);
    assert.deepEqual(
      baselines.map(({ workload }) => workload),
      [...names].toSorted(),
    );
    const proved = generateProved(networkpolicy, { baselines, cluster }, networkpolicy.options.parse({}), recordings);
    assert.ok(proved.type === 'proved', JSON.stringify(proved));
    for (const { proof } of proved.artifacts)
      assert.ok(proof.allowed >= used.length * 2 && proof.denied + proof.unknown === 0, JSON.stringify(proof));
    const text = proved.artifacts.map(({ artifact }) => artifact.text).join('');

    const judge = networkpolicy.evaluator(text, {}, cluster);
    const judged = all.map(
      ({ from, to, port, protocol }) =>
        judge.answer({ src: { pod: `shop/${from}-1` }, dst: { pod: `shop/${to}-1` }, port, protocol }).verdict,
    );
    const enforced = names.map((name) => ({ namespace: 'shop', labels: { app: name }, ips: pods[name]?.ips ?? [] }));
    for (const [at, name] of names.entries()) {
      const own = enforced[at] ?? assert.fail();
      await pods[name]?.enforce(rulesetOf(text, own, enforced) ?? assert.fail(`no policy selects ${name}`));
    }

    const ended = await tried(pods, all);
    const table = all.map(
      ({ from, to, port, protocol, family }, at) =>
        `${from} → ${to} ${port}/${protocol} v${family === 0 ? 4 : 6}: ${ended[at] === 'answered' ? 'allow' : 'deny'}`,
    );
    assert.deepEqual(
      table,
      all.map(
        ({ from, to, port, protocol, family }, at) =>
          `${from} → ${to} ${port}/${protocol} v${family === 0 ? 4 : 6}: ${judged[at]}`,
      ),
    );
    for (const [at, each] of all.entries()) {
      const wanted = used.some(({ from, to, port }) => from === each.from && to === each.to && port === each.port);
      assert.equal(ended[at] === 'answered', wanted, table[at]);
    }
    assert.equal(ended.filter((each) => each === 'answered').length, 12, table.join('\n'));
  } finally {
    await network.remove();
    rmSync(folder, { recursive: true, force: true });
  }
});
