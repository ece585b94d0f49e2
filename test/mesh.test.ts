/** A mesh's policies from the command line, as a user with a log of the mesh works. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { form } from '#policies/mesh.cases.ts';
import { run } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'kguardian-mesh-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const put = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const cluster = put('cluster.json', JSON.stringify(form));

const web = {
  ip: '10.0.0.1',
  port: 40_000,
  metadata: { tls: 'true', client_id: 'web.shop.serviceaccount.identity.linkerd.cluster.local' },
};
const api = { ip: '10.0.0.2', port: 9000, metadata: { namespace: 'shop', pod: 'api-1' } };
let stream = 0;
/** What `linkerd viz tap -o json` prints of one request. */
function tapped(method: string, path: string, httpStatus = 200): string {
  const id = { base: 0, stream: (stream += 1) };
  const of = { source: web, destination: api, routeMeta: null, proxyDirection: 'INBOUND' };
  return [
    { ...of, requestInitEvent: { id, method, scheme: '', authority: 'api.shop:80', path, headers: null } },
    { ...of, responseInitEvent: { id, sinceRequestInit: { nanos: 9 }, httpStatus, headers: null } },
    { ...of, responseEndEvent: { id, responseBytes: 1, trailers: null, grpcStatusCode: 0 } },
  ]
    .map((event) => `${JSON.stringify(event, null, 2)}\n`)
    .join('');
}
const requests = [
  tapped('GET', '/orders/17'),
  tapped('GET', '/orders/18'),
  tapped('POST', '/orders'),
  tapped('DELETE', '/orders/17', 403),
];
const tap = put('tap.json', requests.join(''));
utimesSync(tap, 1_790_000_000, 1_790_000_000);

test("what linkerd viz tap printed becomes Linkerd's routes, with methods and templates of paths", async () => {
  const gen = ['gen', 'linkerd', '--flows', tap, '--cluster', cluster, '--l7'];
  const { code, stdout, stderr } = await run(gen);
  assert.equal(code, 0, stderr);
  const routes = [...parseAllDocuments(stdout)].flatMap((document) => {
    const { kind, spec } = document.toJS() as { kind: string; spec: { rules?: { matches: object[] }[] } };
    return kind === 'HTTPRoute' ? (spec.rules ?? []).flatMap(({ matches }) => matches) : [];
  });
  assert.deepEqual(routes, [
    { path: { type: 'RegularExpression', value: '/orders/[0-9]+' }, method: 'GET' },
    { path: { type: 'Exact', value: '/orders' }, method: 'POST' },
    { path: { type: 'PathPrefix', value: '/' } },
  ]);
  assert.match(stdout, /# {1,}Deployment shop\/web, identity seen by the mesh\n/);
  assert.match(stdout, /2026-09-21T/, 'when the log was written stands for the times that it does not tell');
  assert.match(stdout, /^# .*a tap tells of HTTP alone/m);
  assert.match(stderr, /1 line passed over: refused \(status 403\)/);
  assert.equal((await run(gen)).stdout, stdout, 'same facts, same bytes');
});

test('a tap comes through a pipe, too, and a broken one gives its line', async () => {
  const piped = await run(['gen', 'linkerd', '--flows', '-', '--cluster', cluster], {
    input: readFileSync(tap, 'utf8'),
  });
  assert.equal(piped.code, 0, piped.stderr);
  for (const [text, message] of [
    [`${requests[0]}{\n  "source": {`, /line \d+: a document without an end$/m],
    [`${requests[0]}{\n  "source"\n}\n`, /line \d+: not JSON$/m],
  ] as const) {
    const { code, stderr, stdout } = await run([
      'gen',
      'linkerd',
      '--flows',
      put('bad.json', text),
      '--cluster',
      cluster,
    ]);
    assert.deepEqual([code, stdout], [2, ''], stderr);
    assert.match(stderr, message);
  }
});

const policies = join(folder, 'policies');
const istioFlows = put(
  'flows.jsonl',
  `${JSON.stringify({ ts: 1_790_000_000, direction: 'ingress', pod: 'shop/api-1', local: { ip: '10.0.0.2', port: 9000 }, remote: { ip: '10.0.0.1', port: 40_000 }, protocol: 'TCP', http: { method: 'GET', path: '/orders' } })}\n`,
);

for (const [kind, flows] of [
  ['istio', istioFlows],
  ['linkerd', tap],
] as const)
  test(`diff ${kind} tells what opens and closes between whom, and the same in other words is no difference`, async () => {
    const evidence = ['--flows', flows, '--cluster', cluster];
    const diff = ['diff', kind, ...evidence, '--dir', policies];
    const first = await run(diff);
    assert.equal(first.code, 1, first.stderr);
    const was = kind === 'istio' ? 'closes' : 'unknown → deny';
    assert.match(first.stdout, new RegExp(`^${was} +Deployment data/db → Deployment shop/api .*TCP `, 'm'));
    assert.match(first.stderr, /\d+ changes?: \d+ opened, \d+ closed, \d+ not certain/);
    const written = await run(['gen', kind, ...evidence, '--output-dir', policies]);
    assert.equal(written.code, 0, written.stderr);
    const file = join(policies, `shop-api-${kind}.yaml`);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replaceAll('kind: ', 'kind:   '));
    const same = await run(diff);
    assert.deepEqual([same.code, same.stdout], [0, ''], same.stderr);
    assert.match((await run([...diff, '--text'])).stdout, /^-kind: {3}\w/m);
    writeFileSync(file, text.replace('"9000"', '"9001"').replace('port: 9000', 'port: 9001'));
    const moved = await run(diff);
    assert.equal(moved.code, 1, moved.stderr);
    assert.match(moved.stdout, /→ allow|opens/);
    assert.match(moved.stdout, /^(opens|unknown → allow) +Deployment shop\/web → Deployment shop\/api 9000\/TCP +/m);
    writeFileSync(file, text);
  });

test('reach is told by the mesh that is asked, or by the one that the files are of', async () => {
  const named = (kind: string): string[] => ['-f', join(policies, `shop-api-${kind}.yaml`), '--cluster', cluster];
  const { code, stdout, stderr } = await run(['reach', 'linkerd', 'shop/api', ...named('linkerd')]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^Who can reach Deployment shop\/api\nFROM +PORTS +VERDICT +RULE\n/);
  assert.match(stdout, /^Deployment shop\/web +9000\/TCP +allow +Server shop\/api-9000: identity web\.shop\./m);
  assert.equal((await run(['reach', 'shop/api', ...named('linkerd')])).stdout, stdout, 'told from the file');
  const both = await run([
    'reach',
    'deploy/api',
    '-n',
    'shop',
    ...named('linkerd'),
    ...named('istio'),
    '--denied',
    '-o',
    'json',
  ]);
  const rows = both.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>);
  for (const kind of ['istio', 'linkerd'])
    assert.ok(
      rows.some(
        (row) =>
          row['kind'] === kind &&
          row['peer'] === 'Deployment data/db' &&
          /^(9000|any)\/TCP/.test(row['ports'] ?? '') &&
          row['verdict'] === 'deny',
      ),
      both.stdout,
    );
  const tables = await run(['reach', 'shop/api', ...named('linkerd'), ...named('istio')]);
  assert.match(
    tables.stdout,
    /Who can reach Deployment shop\/api \(istio\)[\s\S]*Whom Deployment shop\/api can reach \(linkerd\)/,
  );
  const nobody = await run(['reach', 'istio', 'shop/none', ...named('istio')]);
  assert.equal(nobody.code, 2);
});

test('the examples of help work when pasted', async () => {
  writeFileSync(
    join(folder, 'policies.yaml'),
    readFileSync(join(policies, 'shop-api-istio.yaml'), 'utf8').replaceAll('api', 'web'),
  );
  const { stdout } = await run(['reach', 'istio', '--help']);
  const examples = [...stdout.matchAll(/^ {2}kguardian (.+)$/gm)].map(([, text = '']) => text.split(' '));
  assert.equal(examples.length, 2);
  for (const argv of examples.filter((each) => each.includes('--cluster'))) {
    const { code, stderr } = await run(argv, { cwd: folder });
    assert.equal(code, 0, stderr);
  }
});

test('counters of proxies become a recording that a policy is generated from', async () => {
  const ends =
    'source_workload="web",source_workload_namespace="shop",destination_workload="api",destination_workload_namespace="shop"';
  const metrics = put(
    'metrics.txt',
    `istio_requests_total{reporter="destination",${ends},destination_service_name="api",destination_service_namespace="shop",source_principal="spiffe://cluster.local/ns/shop/sa/web"} 3\n`,
  );
  const calls = join(folder, 'calls.jsonl.gz');
  const imported = await run(['import', 'mesh-metrics', metrics, '--cluster', cluster, '-o', calls]);
  assert.equal(imported.code, 0, imported.stderr);
  const { code, stdout, stderr } = await run(['gen', 'istio', '--cluster', cluster, '--from', calls]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /kind: AuthorizationPolicy[\s\S]*cluster\.local\/ns\/shop\/sa\/web/);
});
