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
