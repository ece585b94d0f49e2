/** Pod Security Standards of a cluster: an API server double, with a template, its pods, and what admission added to one. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { selfSigned } from '#broker/tls.ts';
import { allow, type ApiServer, startApiServer } from './api-server.ts';
import { type Ran, recordings, run } from './cli.ts';

const owned = (kind: string, name: string, uid: string): object => ({
  ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid, controller: true }],
});
const spec = { containers: [{ name: 'nginx', image: 'nginx' }] };
const template = { metadata: { labels: { app: 'nginx' } }, spec };
const podOf = (name: string, more: object, podSpec: object = spec, phase = 'Running'): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, ...more },
  spec: podSpec,
  status: { phase },
});
const objects = [
  {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'empty' } },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'nginx', namespace: 'shop', uid: 'd' },
    spec: { selector: { matchLabels: { app: 'nginx' } }, template },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'nginx-1', namespace: 'shop', uid: 'r', ...owned('Deployment', 'nginx', 'd') },
    spec: { selector: { matchLabels: { app: 'nginx' } }, template },
  },
  podOf('nginx-1-a', owned('ReplicaSet', 'nginx-1', 'r')),
  podOf('nginx-1-b', owned('ReplicaSet', 'nginx-1', 'r')),
  // A webhook put a container beside the workload's own.
  podOf('nginx-1-c', owned('ReplicaSet', 'nginx-1', 'r'), {
    containers: [...spec.containers, { name: 'proxy', securityContext: { privileged: true } }],
  }),
  podOf('done', {}, { hostPID: true, ...spec }, 'Succeeded'),
  {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'nightly', namespace: 'shop', uid: 'c' },
    spec: { schedule: '0 0 * * *', jobTemplate: { spec: { template: { spec: { hostNetwork: true, ...spec } } } } },
  },
  ...allow('alice', [
    { verbs: ['list'], apiGroups: [''], resources: ['pods', 'replicationcontrollers'] },
    { verbs: ['list'], apiGroups: ['apps', 'batch'], resources: ['*'] },
  ]),
];

let api: ApiServer;
let folder: string;
let as: (user: string, ...argv: string[]) => Promise<Ran>;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kguardian-pss-cluster-'));
  const { key, cert } = await selfSigned();
  api = await startApiServer({
    objects,
    tls: { key, cert },
    tokens: { admin: { username: 'admin', groups: ['system:masters'] }, alice: { username: 'alice' } },
  });
  for (const user of ['admin', 'alice']) await writeFile(join(folder, user), api.kubeconfig(user, 'shop'));
  as = (user, ...argv) => run([...argv, '--kubeconfig', join(folder, user)]);
});
after(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

interface Answer {
  readonly pods: readonly { readonly kind: string; readonly name: string; readonly current: string }[];
}
const rows = ({ stdout }: Ran): string[] =>
  (JSON.parse(stdout) as Answer).pods.map(({ kind, name, current }) => `${kind} ${name} ${current}`);

test('templates are judged, and pods besides where admission made others of them; those that ended are not', async () => {
  const ran = await as('alice', 'audit', 'pss', '-o', 'json');
  assert.equal(ran.code, 0, ran.stderr);
  assert.deepEqual(rows(ran).toSorted(), [
    'CronJob nightly privileged',
    'Deployment nginx baseline',
    'Deployment nginx privileged',
  ]);
  assert.match(ran.stderr, /nothing observed is taken into account: /);
});

test('one workload is asked for by its name, with what was recorded of it', async () => {
  const from = join(recordings, 'nginx.jsonl.zst');
  const ran = await as('alice', 'audit', 'pss', 'deploy/nginx', '--from', from);
  assert.equal(ran.code, 0, ran.stderr);
  assert.match(ran.stdout, /^Deployment shop\/nginx +baseline +baseline /m);
  assert.doesNotMatch(ran.stdout, /nightly/);
  const none = await as('alice', 'audit', 'pss', 'deploy/other', '--from', from);
  assert.equal(none.code, 2);
});

test('a patch of what is in the cluster names its object', async () => {
  const ran = await as('alice', 'gen', 'pss', 'fix', 'nightly', '-o', 'strategic', '--level', 'baseline');
  assert.equal(ran.code, 0, ran.stderr);
  assert.deepEqual(
    parseAllDocuments(ran.stdout).map((document) => document.toJS() as unknown),
    [
      {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata: { name: 'nightly', namespace: 'shop' },
        spec: { jobTemplate: { spec: { template: { spec: { hostNetwork: null } } } } },
      },
    ],
  );
});

test('a replica that admission changed is no object to patch', async () => {
  const ran = await as('alice', 'gen', 'pss', 'fix', 'nginx', '-o', 'json-patch', '--level', 'baseline');
  assert.equal(ran.code, 0, ran.stderr);
  assert.equal(ran.stdout, '');
  assert.match(ran.stderr, /1 running pod differs from its template/);
});

test("labels are pinned to the cluster's version, and a level in force that is too strict is told", async () => {
  const { code, stdout, stderr } = await as('admin', 'gen', 'pss', 'labels', '-A');
  assert.equal(code, 0, stderr);
  const documents = parseAllDocuments(stdout).map(
    (document) => document.toJS() as { metadata: { name: string; labels: Record<string, string> } },
  );
  const levels = documents.map(({ metadata: { name, labels } }) => [
    name,
    labels['pod-security.kubernetes.io/enforce'],
    labels['pod-security.kubernetes.io/audit'],
    labels['pod-security.kubernetes.io/enforce-version'],
  ]);
  assert.deepEqual(levels, [
    ['empty', 'restricted', 'restricted', 'v1.36'],
    ['shop', 'privileged', 'baseline', 'v1.36'],
  ]);
  assert.match(stdout, /# restricted is enforced now/);
});
