/**
 * `make own-profiles`: kguardian records its own agent and broker at work, as root, and writes the seccomp profiles
 * that the chart ships (chart/files). Several runs are added up: what a program does at its ease differs from run to run.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { record } from '../src/agent/record.ts';
import { fold } from '../src/baseline/fold.ts';
import type { Recording } from '../src/observation/recording.ts';
import { readRecording } from '../src/observation/reading.ts';
import { writeRecording } from '../src/observation/writing.ts';
import { seccomp } from '../src/policies/seccomp/index.ts';
import { evidences, generateProved } from '../src/proof/generate.ts';
import { allow, startApiServer } from '../test/api-server.ts';
import { ask, freePort } from '../test/broker-process.ts';
import { kguardian } from '../test/cli.ts';
import { recordingOf, textOf } from '../test/cluster-recordings.ts';
import { type LabPod, NodeLab } from '../test/node-lab.ts';
import { podObject } from '../test/agent-run.ts';
import { startPostgres } from '../test/postgres.ts';
import { selfSigned } from '../src/broker/tls.ts';

const files = fileURLToPath(new URL('../chart/files/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'kguardian-own-'));
const runs = 3;

/** Records a command while `meanwhile` makes it work, then ends it. */
async function recorded(
  name: string,
  argv: readonly [string, ...string[]],
  meanwhile: () => Promise<void>,
): Promise<Recording> {
  const stop = new AbortController();
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const running = record({
    target: { type: 'command', argv, stdout: 'ignore' },
    name,
    by: 'own-profiles',
    signal: stop.signal,
    onReady: () => resolve(),
  });
  await ready;
  await meanwhile();
  stop.abort();
  return readRecording(writeRecording((await running).lines));
}

/** Until it answers, whatever it says. */
async function answering(url: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const code = await ask(url).then(
      (answer) => answer.code,
      () => 0,
    );
    if (code === 200) return;
    await sleep(100);
  }
  throw new Error(`${url} never answered`);
}

function write(part: string, recordings: readonly Recording[]): void {
  // The runtime's own needs on top, for both, and whatever allowPrivilegeEscalation says.
  for (const output of ['json', 'yaml']) {
    const options = seccomp.options.parse({ output });
    const named = fold(recordings).map((each) => ({
      ...each,
      workload: `kguardian-${part}`,
      container: `kguardian-${part}`,
    }));
    const [evidence] = evidences(seccomp, named, null);
    const made = evidence && generateProved(seccomp, evidence, options, recordings);
    if (made?.type !== 'proved') throw new Error(`no profile of the ${part}: ${JSON.stringify(made)}`);
    for (const { artifact } of made.artifacts) writeFileSync(join(files, artifact.path), artifact.text);
  }
}

const account = 'system:serviceaccount:kguardian:kguardian';
const { key, cert } = await selfSigned();
const api = await startApiServer({
  tls: { key, cert },
  objects: [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', uid: 'own' } },
    ...allow('reader', []),
  ],
  tokens: {
    own: { username: 'own', groups: ['system:masters'] },
    agent: {
      username: account,
      groups: ['system:masters'],
      extra: { 'authentication.kubernetes.io/node-name': ['node-1'] },
      audiences: ['kguardian-broker'],
    },
  },
});
const config = join(folder, 'kubeconfig');
writeFileSync(config, api.kubeconfig('own'));
for (const [name, text] of Object.entries({ 'tls.crt': cert, 'tls.key': key, token: 'own', 'agent-token': 'agent' }))
  writeFileSync(join(folder, name), text);
const postgres = await startPostgres();
const lab = new NodeLab();
mkdirSync(files, { recursive: true });
try {
  const brokers: Recording[] = [];
  const agents: Recording[] = [];
  for (let run = 0; run < runs; run += 1) {
    const port = await freePort();
    const url = `https://127.0.0.1:${port}`;
    const database = run % 2 === 0 ? join(folder, `broker-${run}.db`) : await postgres.database();
    const tls = ['--tls-cert', join(folder, 'tls.crt'), '--tls-key', join(folder, 'tls.key')];
    const broker = [
      'broker',
      '--listen',
      `127.0.0.1:${port}`,
      '--database',
      database,
      '--kubeconfig',
      config,
      '--cluster',
      'own',
      ...tls,
    ];
    brokers.push(
      await recorded('broker', [kguardian, ...broker], async () => {
        await answering(`${url}/readyz`);
        const headers = { 'content-type': 'application/x-ndjson' };
        for (let each = 0; each < 20; each += 1) {
          const body = textOf(recordingOf({ pod: `pod-${each}`, facts: 200, cluster: 'own' }));
          await ask(`${url}/v1/recordings`, { method: 'POST', token: 'agent', headers, body });
        }
        for (const path of ['/v1/recordings', '/v1/workloads', '/metrics', '/openapi.json', '/healthz'])
          await ask(url + path, { token: 'own' });
        const own = [
          '--api-server',
          api.url,
          '--api-token-file',
          join(folder, 'token'),
          '--api-ca-file',
          join(folder, 'tls.crt'),
        ];
        const metrics = await freePort();
        const agent = [
          'agent',
          '--node',
          'node-1',
          '--cluster',
          'own',
          '--broker',
          url,
          '--broker-token-file',
          join(folder, 'agent-token'),
        ];
        const more = [
          '--broker-ca-file',
          join(folder, 'tls.crt'),
          '--spool',
          join(folder, `spool-${run}`),
          '--cgroup-root',
          lab.cgroupRoot,
        ];
        const served = ['--flush-interval', '1s', '--listen', `127.0.0.1:${metrics}`];
        agents.push(
          await recorded('agent', [kguardian, ...agent, ...more, ...own, ...served], async () => {
            await answering(`http://127.0.0.1:${metrics}/healthz`);
            const pod = await lab.pod(run % 2 === 0 ? 'systemd' : 'cgroupfs');
            await work(pod);
            await ask(`http://127.0.0.1:${metrics}/metrics`);
            // Sent, acknowledged, taken off the disk.
            await sleep(8000);
          }),
        );
      }),
    );
  }
  write('broker', brokers);
  write('agent', agents);
} finally {
  await lab.close();
  await postgres.close();
  await api.close();
  rmSync(folder, { recursive: true });
}

/** A container that opens, connects and ends; it is named, so that what it did is sent. */
async function work(pod: LabPod): Promise<void> {
  const container = pod.run(['/load', '1', '2000', '2']);
  await container.marked;
  api.store.put(podObject({ uid: pod.uid, name: `web-${pod.uid}`, containers: [{ name: 'app', id: container.id }] }));
  await container.exec(['/load', '3', '50', '4']);
  await container.ended;
}
