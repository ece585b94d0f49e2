/** The chart's own RBAC, and nothing else, is enough: the real agent and the real broker against an API server that applies it. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { selfSigned } from '#broker/tls.ts';
import { startApiServer } from './api-server.ts';
import { podObject } from './agent-run.ts';
import { ask, freePort, recordingsFrom, startBroker } from './broker-process.ts';
import { kguardian } from './cli.ts';
import { NodeLab } from './node-lab.ts';

const here = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const helm = here('build/tools/helm-4/helm');
const skip =
  process.getuid?.() !== 0
    ? 'needs root'
    : !existsSync(helm)
      ? 'needs Helm: scripts/kubernetes-tools'
      : !existsSync('/usr/sbin/runc') && 'needs runc';

const account = (part: string, audiences?: readonly string[]) => ({
  username: `system:serviceaccount:kguardian:kguardian-${part}`,
  groups: ['system:serviceaccounts'],
  extra: { 'authentication.kubernetes.io/node-name': ['node-1'] },
  ...(audiences === undefined ? {} : { audiences }),
});

test("with the chart's rights alone a container's behaviour goes from the kernel to a reader", { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kguardian-rights-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const rendered = execFileSync(helm, ['template', 'kguardian', here('chart'), '-n', 'kguardian'], {
    encoding: 'utf8',
  });
  const rights = parseAllDocuments(rendered)
    .map((document) => document.toJS() as { kind: string } | null)
    .filter((object) => object?.kind.startsWith('ClusterRole') === true) as object[];
  assert.equal(rights.length, 6);
  const { key, cert } = await selfSigned();
  const api = await startApiServer({
    tls: { key, cert },
    objects: [...rights, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } }],
    tokens: {
      broker: account('broker'),
      agent: account('agent'),
      'agent-for-broker': account('agent', ['kguardian-broker']),
      reader: account('reader'),
      nobody: { username: 'nobody' },
    },
  });
  after(() => api.close());
  for (const [name, text] of Object.entries({
    token: 'agent',
    'broker-token': 'agent-for-broker',
    ca: cert,
    key,
    kubeconfig: api.kubeconfig('broker'),
  }))
    writeFileSync(join(folder, name), text);
  const broker = await startBroker([
    ...['--listen', '127.0.0.1:0', '--database', join(folder, 'broker.db'), '--cluster', 'test'],
    ...['--kubeconfig', join(folder, 'kubeconfig'), '--tls-cert', join(folder, 'ca'), '--tls-key', join(folder, 'key')],
  ]);
  after(() => broker.end());
  const lab = new NodeLab();
  after(() => lab.close());
  const metrics = await freePort();
  const agent = spawn(
    kguardian,
    [
      ...['agent', '--node', 'node-1', '--cluster', 'test', '--cgroup-root', lab.cgroupRoot, '--flush-interval', '1s'],
      ...['--api-server', api.url, '--api-token-file', join(folder, 'token'), '--api-ca-file', join(folder, 'ca')],
      ...[
        '--broker',
        broker.url,
        '--broker-token-file',
        join(folder, 'broker-token'),
        '--broker-ca-file',
        join(folder, 'ca'),
      ],
      ...['--spool', join(folder, 'spool'), '--listen', `127.0.0.1:${metrics}`],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  agent.stderr.on('data', (text: Buffer) => (said += text.toString('utf8')));
  after(() => agent.kill('SIGKILL'));
  const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
    for (let tries = 0; tries < 300; tries += 1) {
      if (await holds().catch(() => false)) return;
      await sleep(200);
    }
    assert.fail(`never came to be: ${what}\n${said}\n${broker.text()}`);
  };
  await until('the agent is ready', async () => (await ask(`http://127.0.0.1:${metrics}/readyz`)).code === 200);
  const pod = await lab.pod('systemd');
  api.store.put(podObject({ uid: pod.uid, name: 'web-0', ip: '10.244.0.9' }));
  const container = pod.run(['/load', '7', '500']);
  api.store.put(
    podObject({ uid: pod.uid, name: 'web-0', ip: '10.244.0.9', containers: [{ name: 'app', id: container.id }] }),
  );
  await container.ended;
  const read = () => recordingsFrom(broker.url, { token: 'reader' }, '?namespace=shop');
  await until('a reader sees it', async () =>
    (await read()).some(({ observations }) =>
      observations.some((each) => each.type === 'file' && each.path === '/tmp/mark-7'),
    ),
  );
  const refused = await ask(`${broker.url}/v1/recordings?namespace=shop`, { token: 'nobody' });
  assert.equal(refused.code, 403);
  assert.doesNotMatch(said + broker.text(), /forbidden/i);
});
