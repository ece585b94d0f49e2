/** The agent and the real broker: what a container did is in the broker's baseline, under its workload. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fold } from '#baseline/fold.ts';
import { podObject, startAgent } from './agent-run.ts';
import { freePort, recordingsFrom, startBroker } from './broker-process.ts';
import { withoutRoot } from './lab.ts';
import { withoutRunc } from './node-lab.ts';

const skip = withoutRoot || withoutRunc;

test('what a container did on a node is in the broker, once, over restarts of agent and broker', { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kguardian-whole-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const port = await freePort();
  const argv = [
    '--insecure-no-auth',
    '--cluster',
    'test',
    '--listen',
    `127.0.0.1:${port}`,
    '--database',
    join(folder, 'db'),
  ];
  let broker = await startBroker(argv);
  after(() => broker.end());
  const first = await startAgent({ broker: broker.url });
  after(() => first.close());
  const pod = await first.lab.pod('systemd');
  const container = pod.run(['/load', '1', 'busy']);
  await container.marked;
  await container.exec(['/load', '2', '0']);
  const object = podObject({
    uid: pod.uid,
    name: 'web-0',
    owner: { kind: 'StatefulSet', name: 'web', uid: 'web' },
    containers: [{ name: 'app', id: container.id }],
  });
  first.api.store.put(object);
  await first.until(
    'the broker took something',
    async () => (await first.metric('uploads_total{result="acknowledged"}')) > 0,
  );
  await broker.end('SIGKILL');
  await first.stop();
  broker = await startBroker(argv);
  const second = await startAgent(
    { broker: broker.url, cgroupRoot: first.lab.cgroupRoot, spoolFolder: join(first.folder, 'spool') },
    [object],
  );
  after(() => second.close());
  await second.until(
    'the broker took something',
    async () => (await second.metric('uploads_total{result="acknowledged"}')) > 0,
  );
  await container.kill();
  await second.stop();
  assert.equal(await second.metric('uploads_total{result="refused"}').catch(() => 0), 0);

  const baselines = fold(await recordingsFrom(broker.url, {}, '?namespace=shop'));
  assert.deepEqual(
    baselines.map(({ place, workload, container: name }) => [place?.kind, workload, name]),
    [['StatefulSet', 'web', 'app']],
  );
  const [baseline] = baselines;
  assert.deepEqual(
    baseline?.instances.map(({ id, fromStart }) => [id, fromStart]),
    [[container.id, true]],
    'one run, though two agents saw it',
  );
  const files = baseline?.facts.flatMap(({ claim }) =>
    claim.type === 'file' && claim.path.startsWith('/tmp/mark-') && claim.access === 'write'
      ? [`${claim.phase} ${claim.path}`]
      : [],
  );
  assert.deepEqual(files?.toSorted(), ['program /tmp/mark-1', 'session /tmp/mark-2']);
  const watches = baseline?.coverage.filter(({ sensor }) => sensor === 'files') ?? [];
  assert.ok(new Set(watches.map(({ from }) => from)).size === 2, 'two watches of it');
});
