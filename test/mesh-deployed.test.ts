/** Policies of a mesh that stand in a cluster, against what would be generated, and who reaches whom under them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { form } from '#policies/mesh.cases.ts';
import { selfSigned } from '#broker/tls.ts';
import { type ApiServer, startApiServer } from './api-server.ts';
import { type Ran, run } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'kguardian-mesh-deployed-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const put = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const cluster = put('cluster.json', JSON.stringify(form));
const principal = (account: string): string => `cluster.local/ns/shop/sa/${account}`;
/** A line of Istio's access log in JSON, as the proxy of `api` writes it. */
const flows = put(
  'access.json',
  `${JSON.stringify({
    start_time: '2026-11-20T10:00:00.000Z',
    method: 'GET',
    path: '/orders/17',
    protocol: 'HTTP/1.1',
    response_code: 200,
    response_code_details: 'via_upstream',
    upstream_cluster: 'inbound|9000||',
    upstream_host: '10.0.0.2:9000',
    downstream_local_address: '10.0.0.2:9000',
    downstream_remote_address: '10.0.0.1:40000',
    requested_server_name: 'outbound_.9000_._.api.shop.svc.cluster.local',
    downstream_peer_uri_san: `spiffe://${principal('web')}`,
  })}\n`,
);

const policies = ['AuthorizationPolicy', 'PeerAuthentication'].map((kind) => ({
  group: 'security.istio.io',
  version: 'v1',
  kind,
  plural: `${kind.toLowerCase().replace(/y$/, 'ie')}s`,
  namespaced: true,
}));
const letIn = (account: string, name: string): object => ({
  apiVersion: 'security.istio.io/v1',
  kind: 'AuthorizationPolicy',
  metadata: { name, namespace: 'shop', uid: name, managedFields: [{}] },
  spec: {
    selector: { matchLabels: { app: 'api' } },
    action: 'ALLOW',
    rules: [{ from: [{ source: { principals: [principal(account)] } }] }],
  },
});

let api: ApiServer;
let config: string;
const alice = (...argv: string[]): Promise<Ran> => run([...argv, '--kubeconfig', config]);

before(async () => {
  const { key, cert } = await selfSigned();
  api = await startApiServer({
    tls: { key, cert },
    resources: policies,
    objects: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }],
    tokens: { alice: { username: 'alice', groups: ['system:masters'] } },
  });
  config = put('alice.kubeconfig', api.kubeconfig('alice', 'shop'));
});
after(() => api.close());

/** What a cluster says of two workloads that `form` has: a Deployment with its ReplicaSet and its pod each. */
const workloads = [
  { name: 'web', ip: '10.0.0.1' },
  { name: 'api', ip: '10.0.0.2' },
  { name: 'batch', ip: '10.0.0.5' },
].flatMap(({ name, ip }) => {
  const labels = { app: name, 'security.istio.io/tlsMode': 'istio' };
  const of = (kind: string, owner: string) => [
    { apiVersion: 'apps/v1', kind, name: owner, uid: `${kind} ${owner}`, controller: true },
  ];
  const named = (kind: string, own: string, ownerReferences?: object[]) => ({
    apiVersion: kind === 'Pod' ? 'v1' : 'apps/v1',
    kind,
    metadata: { namespace: 'shop', name: own, uid: `${kind} ${own}`, labels, ownerReferences },
  });
  return [
    { ...named('Deployment', name), spec: { selector: { matchLabels: { app: name } } } },
    named('ReplicaSet', `${name}-1`, of('Deployment', name)),
    {
      ...named('Pod', `${name}-1-x`, of('ReplicaSet', `${name}-1`)),
      spec: {
        nodeName: 'n1',
        serviceAccountName: name,
        containers: [{ name: 'app', ports: [{ containerPort: 9000 }] }],
      },
      status: { phase: 'Running', podIP: ip, podIPs: [{ ip }] },
    },
  ];
});

const linesOf = (text: string): string[] => text.trimEnd().split('\n');
const evidence = ['--flows', flows, '--cluster', cluster];

test('where a cluster has no policy of the mesh, everything that is generated closes', async () => {
  const { code, stdout, stderr } = await alice('diff', 'istio', ...evidence);
  assert.equal(code, 1, stderr);
  const [head, ...rows] = linesOf(stdout);
  assert.match(head ?? '', /^CHANGE +WHAT +RULE$/);
  assert.ok(
    rows.length > 3 && rows.every((row) => /^(closes|allow → unknown) .* → Deployment shop\/api /.test(row)),
    stdout,
  );
  assert.ok(
    !rows.some((row) => / → Deployment shop\/api 9000\/TCP/.test(row) && /shop\/web →/.test(row)),
    'what was seen',
  );
});

test('what is generated stands beside what is deployed, and in place of what has its name', async () => {
  api.store.put(letIn('batch', 'old'));
  const beside = await alice('diff', 'istio', ...evidence);
  assert.equal(beside.code, 1, beside.stderr);
  assert.match(
    beside.stdout,
    /^CHANGE.*\nopens +Deployment shop\/batch → Deployment shop\/api 9000\/TCP .*\nopens +Deployment shop\/web → Deployment shop\/api 9000\/TCP .*\n$/,
    'they share the account',
  );
  const instead = await alice('diff', 'istio', ...evidence, '--instead');
  assert.match(
    instead.stdout,
    /^closes +identity cluster\.local\/ns\/shop\/sa\/batch → Deployment shop\/api any\/TCP/m,
  );

  api.store.put(letIn('batch', 'api'));
  const replaced = await alice('diff', 'istio', ...evidence, '-o', 'json');
  const changes = linesOf(replaced.stdout).map((line) => JSON.parse(line) as { what: string; after: string });
  assert.ok(
    changes.every(({ what, after: is }) => is !== 'deny' || !what.startsWith('identity')),
    'the other still lets it in',
  );
});

test('who reaches a workload is told by the policies that are deployed', async () => {
  for (const each of workloads) api.store.put(each);
  const { code, stdout, stderr } = await alice('reach', 'istio', 'shop/api');
  assert.equal(code, 0, stderr);
  const [ingress = '', egress = ''] = stdout.split('\n\n');
  assert.match(
    ingress,
    /^Who can reach Deployment shop\/api\nFROM .*\nDeployment shop\/batch +any\/TCP +allow +ALLOW shop\/api: .*\n\d+ others: nothing$/,
  );
  assert.match(egress, /^Deployment shop\/web +any\/TCP +allow +no ALLOW policy is about it$/m);
  assert.match(egress, /^1 other: nothing$/m, 'itself');
  assert.match(stderr, /judged by 2 policies of the cluster/);
});
