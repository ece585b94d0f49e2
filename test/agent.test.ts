/** The agent of a node, whole: real containers, an API server and a broker that fail as real ones do. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Observation } from '#observation/observation.ts';
import { type AgentRun, podObject, startAgent } from './agent-run.ts';
import { withoutRoot } from './lab.ts';
import { withoutRunc } from './node-lab.ts';

const skip = withoutRoot || withoutRunc;

async function started(...given: Parameters<typeof startAgent>): Promise<AgentRun> {
  const run = await startAgent(...given);
  after(() => run.close());
  return run;
}

/** Which marks the container left, by phase: `program 7`. */
function marks(facts: readonly Observation[], id: string): string[] {
  const found = facts.flatMap((fact) => {
    if (fact.container !== id) return [];
    if (fact.type === 'file' && ['create', 'write'].includes(fact.access) && fact.path.startsWith('/tmp/mark-'))
      return [`${fact.phase} ${fact.path.slice('/tmp/mark-'.length)}`];
    return fact.type === 'flow' ? [`${fact.phase} port ${fact.port}`] : [];
  });
  return [...new Set(found)].toSorted();
}

function isRunning(...argv: readonly string[]): boolean {
  return readdirSync('/proc').some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') === `${argv.join('\0')}\0`;
    } catch {
      return false;
    }
  });
}

test('what people do by exec is kept apart, with its children; what the workload forks is not', { skip }, async () => {
  const run = await started();
  const pod = await run.lab.pod('systemd');
  const container = pod.run(['/load', '1', '3000', '2']);
  await container.marked;
  await container.exec(['/load', '3', '50', '4']);
  run.api.store.put(podObject({ uid: pod.uid, name: 'web-0', containers: [{ name: 'app', id: container.id }] }));
  await container.ended;
  await run.until('it is told', () => run.told().containers.has(container.id));
  await sleep(4000);
  await run.stop();
  const { facts } = run.told();
  assert.deepEqual(marks(facts, container.id), [
    'program 1',
    'program 2',
    'program port 10001',
    'program port 10002',
    'session 3',
    'session 4',
    'session port 10003',
    'session port 10004',
  ]);
  const phases = (nr: string): string[] =>
    facts.flatMap((fact) => (fact.type === 'syscall' && fact.name === nr ? [fact.phase] : []));
  assert.ok(phases('connect').includes('session') && phases('connect').includes('program'));
  assert.ok(
    facts.some((fact) => fact.type === 'exec' && fact.phase === 'session' && fact.argv[1] === '3'),
    'the session is visible',
  );
});

test('what ran before the agent is recorded from then on, its sessions apart, and says that its start was missed', {
  skip,
}, async () => {
  const first = await started();
  const pod = await first.lab.pod('cgroupfs');
  const container = pod.run(['/load', '5', 'busy']);
  await container.marked;
  const session = container.exec(['/load', '6', 'busy']).catch(() => undefined);
  // It runs its own program before the agent comes: until then the runtime is still on its way in.
  for (let tries = 0; tries < 200 && !isRunning('/load', '6', 'busy'); tries += 1) await sleep(50);
  const object = podObject({ uid: pod.uid, name: 'web-0', containers: [{ name: 'app', id: container.id }] });
  const second = await started({ cgroupRoot: first.lab.cgroupRoot }, [object]);
  await second.until('it is told', () => marks(second.told().facts, container.id).length >= 4);
  await second.stop();
  await container.kill();
  await session;
  const { containers, facts } = second.told();
  assert.equal(containers.get(container.id)?.fromStart, false);
  assert.deepEqual(
    marks(facts, container.id).filter((mark) => !mark.startsWith('session')),
    ['program 5', 'program port 10005'],
  );
  assert.deepEqual(
    marks(facts, container.id).filter((mark) => mark.startsWith('session')),
    ['session 6', 'session port 10006'],
  );
  assert.equal(containers.size, 1, 'the sandbox is none');
});

test('init, restarted and ephemeral containers have their own names; a static pod has its cgroup and its object', {
  skip,
}, async () => {
  const run = await started();
  const pod = await run.lab.pod('systemd');
  const init = pod.run(['/load', '1', '0']);
  await init.ended;
  const early = pod.run(['/load', '2', '0']);
  await early.ended;
  const main = pod.run(['/load', '3', '1000']);
  const debug = pod.run(['/load', '4', '1000']);
  run.api.store.put(
    podObject({
      uid: pod.uid,
      name: 'web-0',
      owner: { kind: 'ReplicaSet', name: 'web-5d', uid: 'rs' },
      labels: { app: 'web', 'pod-template-hash': '5d' },
      containers: [
        { name: 'prepare', id: init.id, kind: 'init', ended: true },
        { name: 'app', id: main.id, previous: early.id },
        { name: 'debugger', id: debug.id, kind: 'ephemeral' },
      ],
    }),
  );
  const hash = randomUUID().replaceAll('-', '');
  const fixed = await run.lab.pod('systemd', hash);
  const server = fixed.run(['/load', '5', '1000']);
  run.api.store.put(
    podObject({
      uid: randomUUID(),
      name: 'etcd-node-1',
      annotations: { 'kubernetes.io/config.hash': hash },
      owner: { kind: 'Node', name: 'node-1', uid: 'n1' },
      containers: [{ name: 'etcd', id: server.id }],
    }),
  );
  await Promise.all([main.ended, debug.ended, server.ended]);
  await run.until('all are told', () => run.told().containers.size === 5);
  await run.stop();
  const { containers } = run.told();
  const named = [init, early, main, debug, server].map(({ id }) => {
    const told = containers.get(id);
    return `${told?.pod?.kind}/${told?.workload}/${told?.name}`;
  });
  assert.deepEqual(named, [
    'Deployment/web/prepare',
    'Deployment/web/app',
    'Deployment/web/app',
    'Deployment/web/debugger',
    'Pod/etcd/etcd',
  ]);
});

test('namespaces that are not wanted are not recorded, and the kernel does not look at them any more', {
  skip,
}, async () => {
  const run = await started({ withoutNamespaces: ['secret'] });
  const [secret, open] = [await run.lab.pod('systemd'), await run.lab.pod('cgroupfs')];
  const hidden = secret.run(['/load', '1', 'busy']);
  run.api.store.put(
    podObject({ uid: secret.uid, name: 'vault-0', namespace: 'secret', containers: [{ name: 'app', id: hidden.id }] }),
  );
  await run.until('it is let go', async () => (await run.metric('containers_dismissed_total{reason="excluded"}')) >= 1);
  // Its facts are swept out of the kernel's maps, and none come any more though it goes on working.
  await run.until('its facts are gone', async () => (await run.metric('map_fill_ratio{map="flows"}')) === 0);
  await hidden.exec(['/load', '2', '0']);
  await sleep(1000);
  assert.equal(await run.metric('map_fill_ratio{map="flows"}'), 0);
  const seen = open.run(['/load', '3', '0']);
  run.api.store.put(podObject({ uid: open.uid, name: 'web-0', containers: [{ name: 'app', id: seen.id }] }));
  await run.until('the other is told', () => run.told().containers.has(seen.id));
  await hidden.kill();
  await run.stop();
  assert.deepEqual([...run.told().containers.keys()], [seen.id]);
  assert.deepEqual(
    run.told().facts.filter(({ container }) => container !== seen.id),
    [],
  );
});

test('only selected namespaces are recorded where some are selected', { skip }, async () => {
  const run = await started({ namespaces: ['shop'] });
  const [other, shop] = [await run.lab.pod('systemd'), await run.lab.pod('systemd')];
  const [a, b] = [other.run(['/load', '1', '500']), shop.run(['/load', '2', '500'])];
  run.api.store.put(
    podObject({ uid: other.uid, name: 'a', namespace: 'other', containers: [{ name: 'app', id: a.id }] }),
  );
  run.api.store.put(podObject({ uid: shop.uid, name: 'b', containers: [{ name: 'app', id: b.id }] }));
  await run.until('it is told', () => run.told().containers.has(b.id));
  await Promise.all([a.ended, b.ended]);
  await run.stop();
  assert.deepEqual([...run.told().containers.keys()], [b.id]);
});

test('an API server that fails in every way delays names and loses none', { skip }, async () => {
  const run = await started();
  const { faults, store } = run.api;
  const pod = await run.lab.pod('systemd');
  const container = pod.run(['/load', '7', '500']);
  // Everything at once: watches end, are refused for their version, for their number, and lists break.
  faults.add({ match: /watch=true/, answer: 410, times: 4 });
  faults.add({ match: /watch=true/, answer: 429, times: 4 });
  faults.add({ match: /GET \/api\/v1\/pods\?.*limit/, answer: 'cut', times: 2 });
  faults.add({ match: /GET \/api\/v1\/pods\?.*limit/, answer: 500 });
  faults.add({ match: /watch=true/, answer: 'reset', times: 3 });
  run.api.breakConnections();
  store.put(podObject({ uid: pod.uid, name: 'web-0', containers: [{ name: 'app', id: container.id }] }));
  store.compact();
  run.api.breakConnections();
  await container.ended;
  await run.until('it is told', () => run.told().containers.has(container.id));
  await run.stop();
  assert.equal(run.told().containers.get(container.id)?.name, 'app');
});

test('while the broker is away recordings wait on disk; afterwards all are there, each sighting once', {
  skip,
}, async () => {
  const run = await started();
  run.broker.answers.push(503, 429, 0, 500, 401);
  const pod = await run.lab.pod('systemd');
  const container = pod.run(['/load', '8', '2000']);
  run.api.store.put(podObject({ uid: pod.uid, name: 'web-0', containers: [{ name: 'app', id: container.id }] }));
  await run.until('uploads fail', async () => (await run.metric('uploads_total{result="failed"}')) >= 4);
  await container.ended;
  await run.until('the spool is empty', async () => (await run.metric('spool_files')) === 0);
  await run.stop();
  const { facts } = run.told();
  assert.ok(marks(facts, container.id).includes('program 8'));
  // What broke after it was read came twice, as it must: merging makes one of them.
  const bodies = run.broker.taken.map((recording) => JSON.stringify(recording));
  assert.ok(bodies.length > new Set(bodies).size, 'the broken connection had it sent again');
});

test('containers that end are sent to their end and let go: their number and their facts in the kernel too', {
  skip,
}, async () => {
  const run = await started();
  const pod = await run.lab.pod('systemd');
  const container = pod.run(['/load', '9', '0']);
  run.api.store.put(podObject({ uid: pod.uid, name: 'web-0', containers: [{ name: 'app', id: container.id }] }));
  await container.ended;
  await pod.end();
  await run.until('it is let go', async () => (await run.metric('containers_finished_total')) === 1);
  await run.until('its facts are swept', async () => (await run.metric('map_fill_ratio{map="syscalls"}')) === 0);
  assert.equal(await run.metric('containers{state'), 0);
  assert.equal(await run.metric('subjects_in_use'), 256, 'only those that the kernel may give out');
  assert.equal(await run.metric('lost_facts_total'), 0);
  await run.stop();
  assert.ok(marks(run.told().facts, container.id).includes('program port 10009'));
});

test('a container that nobody names in time is let go, counted and said, and never sent under another name', {
  skip,
}, async () => {
  const run = await started({ holdMs: 2000 });
  const [stranger, known] = [await run.lab.pod('systemd'), await run.lab.pod('systemd')];
  const nobody = stranger.run(['/load', '1', 'busy']);
  const named = known.run(['/load', '2', 'busy']);
  // Another pod of the same name, and one that tells a container of the stranger's pod as its own.
  run.api.store.put(
    podObject({
      uid: known.uid,
      name: 'web-0',
      containers: [
        { name: 'app', id: named.id },
        { name: 'b', id: nobody.id },
      ],
    }),
  );
  // On a busy machine a sandbox may wait as long for its pod's containers.
  const letGo = new RegExp(`container ${nobody.id} .* was never named`);
  await run.until('it is let go', () => letGo.test(run.said.join('\n')));
  assert.ok((await run.metric('containers_dismissed_total{reason="unnamed"}')) >= 1);
  await run.until('the other is told', () => run.told().containers.has(named.id));
  await Promise.all([nobody.kill(), named.kill()]);
  await run.stop();
  assert.deepEqual([...run.told().containers.keys()], [named.id]);
});
