/** The named cases: who is authorized by which evidence, and who would break. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callQuery } from '../calls.ts';
import { clusterForm } from '#kubernetes/cluster-form.ts';
import { cluster, form, type MeshObject, proved, type Seen, written } from '../mesh.cases.ts';
import { linkerd } from './index.ts';

function specs(objects: readonly MeshObject[], kind: string): unknown[] {
  return objects.filter((each) => each.kind === kind).map(({ spec }) => spec);
}
function asked(text: string, question: Record<string, unknown>, given: Record<string, unknown> = {}): string {
  const judge = linkerd.evaluator(text, linkerd.options.parse(given), cluster);
  return judge.answer(callQuery.parse({ dst: { pod: 'shop/api-1' }, port: 9000, ...question })).verdict;
}
const webToApi: Seen = ['api-1', 'ingress', 'web', 9000];
const web = { kind: 'ServiceAccount', name: 'web', namespace: 'shop' };

test('one Server a port, all accounts in one authentication, networks in another policy', () => {
  const { objects } = written(linkerd, [
    webToApi,
    ['api-1', 'ingress', 'db', 9000],
    ['api-1', 'ingress', 'prometheus', 9000],
    ['api-1', 'ingress', 'web', 9001],
  ]);
  const selector = { podSelector: { matchLabels: { app: 'api' } }, accessPolicy: 'audit' };
  assert.deepEqual(specs(objects, 'Server'), [
    { ...selector, port: 9000 },
    { ...selector, port: 9001 },
  ]);
  assert.deepEqual(specs(objects, 'MeshTLSAuthentication'), [
    { identityRefs: [{ kind: 'ServiceAccount', name: 'db', namespace: 'data' }, web] },
    { identityRefs: [web] },
  ]);
  assert.deepEqual(specs(objects, 'NetworkAuthentication'), [{ networks: [{ cidr: '10.0.0.9/32' }] }]);
  for (const each of specs(objects, 'AuthorizationPolicy'))
    assert.equal((each as { requiredAuthenticationRefs: unknown[] }).requiredAuthenticationRefs.length, 1);
});

test('enforced, Servers deny what no authorization is for', () => {
  const { objects } = written(linkerd, [webToApi], { mode: 'enforce' });
  assert.equal((specs(objects, 'Server')[0] as { accessPolicy: string }).accessPolicy, 'deny');
});

test('an identity that the mesh told is its account; one of another mesh is named as it is', () => {
  const own = 'web.shop.serviceaccount.identity.linkerd.cluster.local';
  const far = 'a.b.serviceaccount.identity.linkerd.far.example';
  const { objects, text } = written(linkerd, [
    ['api-1', 'ingress', 'web', 9000, { identity: own }],
    ['api-1', 'ingress', '203.0.113.7', 9000, { identity: far }],
  ]);
  assert.deepEqual(specs(objects, 'MeshTLSAuthentication'), [{ identityRefs: [web] }, { identities: [far] }]);
  assert.match(text, /Deployment shop\/web, identity seen by the mesh/);
});

test('an account that nobody knows is named as what would break, and no authorization', () => {
  const result = written(linkerd, [webToApi, ['api-1', 'ingress', 'nameless', 9000]]);
  assert.deepEqual(specs(result.objects, 'MeshTLSAuthentication'), [{ identityRefs: [web] }]);
  assert.match(result.text, /# not written and refused when enforced: Deployment shop\/nameless: the service account/);
  assert.equal(result.unknown, 0);
  const enforced = proved(linkerd, [webToApi, ['api-1', 'ingress', 'nameless', 9000]], { mode: 'enforce' });
  assert.ok(
    enforced.type === 'abstained' && /enforced it would refuse Deployment shop\/nameless/.test(enforced.reason),
  );
  const alone = proved(linkerd, [['api-1', 'ingress', 'nameless', 9000]]);
  assert.ok(alone.type === 'abstained' && /nameless/.test(alone.reason));
});

test("kubelet's probes need nothing without routes, and a route with them", () => {
  const own = { type: 'node', node: 'n1', ip: '172.18.0.2' } as const;
  const request: Seen = ['web-1', 'ingress', 'api', 8080, { http: { method: 'GET', path: '/' } }];
  const plain = written(linkerd, [['web-1', 'ingress', own, 8080], request]);
  assert.deepEqual(specs(plain.objects, 'NetworkAuthentication'), []);
  const { objects, text, unknown } = written(linkerd, [['web-1', 'ingress', own, 8080], request], { l7: true });
  assert.deepEqual(specs(objects, 'NetworkAuthentication'), [
    { networks: [{ cidr: '172.18.0.2/32' }, { cidr: '172.18.0.3/32' }] },
  ]);
  assert.match(text, /kubelet's probes, by the pods' own specification/);
  assert.equal(unknown, 0);
  const probe = { src: { ip: '172.18.0.2' }, dst: { pod: 'shop/web-1' }, port: 8080 };
  assert.equal(asked(text, { ...probe, http: { method: 'GET', path: '/healthz' } }), 'allow');
  assert.equal(asked(text, { ...probe, http: { method: 'GET', path: '/' } }), 'deny');
});

test('one request stands in one route alone, whoever makes it', () => {
  const request = (client: string, path: string): Seen => [
    'api-1',
    'ingress',
    client,
    9000,
    { http: { method: 'GET', path } },
  ];
  const seen = [
    request('web', '/o/17'),
    request('web', '/o/18'),
    request('db', '/o/18'),
    request('db', '/health'),
    webToApi,
  ];
  const { text, unknown, objects } = written(linkerd, seen, { l7: true });
  assert.equal(unknown, 0);
  const get = (pod: string, path: string): string => asked(text, { src: { pod }, http: { method: 'GET', path } });
  assert.deepEqual(
    [
      get('shop/web-1', '/o/19'),
      get('data/db-1', '/o/19'),
      get('data/db-1', '/health'),
      get('shop/web-1', '/health'),
      get('shop/web-1', '/x'),
    ],
    ['allow', 'allow', 'allow', 'deny', 'deny'],
  );
  const rest = objects.find(({ metadata }) => metadata.name === 'api-9000-rest');
  assert.deepEqual(rest?.spec['rules'], [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }] }]);
});

test('a word beside numbers is another route', () => {
  const request = (client: string, path: string): Seen => [
    'api-1',
    'ingress',
    client,
    9000,
    { http: { method: 'GET', path } },
  ];
  const { text, unknown } = written(
    linkerd,
    [request('web', '/o/17'), request('web', '/o/18'), request('db', '/o/list')],
    { l7: true },
  );
  assert.equal(unknown, 0);
  const list = { http: { method: 'GET', path: '/o/list' } };
  assert.deepEqual(
    [asked(text, { src: { pod: 'shop/web-1' }, ...list }), asked(text, { src: { pod: 'data/db-1' }, ...list })],
    ['deny', 'allow'],
  );
});

test('a method that no HTTPRoute takes is left out and named', () => {
  const seen: readonly Seen[] = [
    ['api-1', 'ingress', 'web', 9000, { http: { method: 'GET', path: '/a' } }],
    ['api-1', 'ingress', 'web', 9000, { http: { method: 'PROPFIND', path: '/a' } }],
  ];
  const { text } = written(linkerd, seen, { l7: true });
  assert.match(text, /no HTTPRoute can say exactly "PROPFIND \/a" at 9000/);
});

test('ports without a Server are open unless the workload says otherwise: a patch does, and a note else', () => {
  const { text, notes } = written(linkerd, [webToApi]);
  assert.ok(notes.some((note) => /ports without a Server let through/.test(note)));
  const closed = { src: { pod: 'shop/web-1' }, port: 22 };
  assert.equal(asked(text, closed), 'unknown');
  assert.equal(asked(text, closed, { defaultInboundPolicy: 'deny' }), 'deny');
  assert.equal(asked(text, closed, { defaultInboundPolicy: 'all-unauthenticated' }), 'allow');
  for (const [mode, policy] of [
    ['audit', 'audit'],
    ['enforce', 'deny'],
  ]) {
    const result = proved(linkerd, [webToApi], { denyDefault: true, mode });
    const patch =
      result.type === 'proved' ? result.artifacts.find(({ artifact }) => artifact.judged === false) : undefined;
    assert.match(patch?.artifact.text ?? '', new RegExp(`config.linkerd.io/default-inbound-policy: ${policy}`));
  }
});

test('a workload outside of the mesh gets no policy; without any sign all are taken to be in it', () => {
  const result = proved(linkerd, [['prometheus-1', 'ingress', 'web', 9090]]);
  assert.ok(result.type === 'abstained' && /its pods are not in the mesh/.test(result.reason));
  const pods = form.pods.map((pod) => ({ ...pod, labels: { app: (pod as { labels: { app: string } }).labels.app } }));
  const { text } = written(linkerd, [webToApi], {}, clusterForm.parse({ ...form, pods }));
  assert.match(text, /# no pod bears a label of Linkerd/);
});

test('never two Servers for one port of a pod: a workload whose labels another shares gets none', () => {
  const twin = { namespace: 'shop', kind: 'Deployment', name: 'twin', selector: { matchLabels: { app: 'api' } } };
  const [api] = form.pods.filter((pod) => (pod as { name: string }).name === 'api-1');
  const pods = [...form.pods, { ...api, name: 'twin-1', ip: '10.0.0.77', owner: { kind: 'Deployment', name: 'twin' } }];
  const both = clusterForm.parse({ ...form, workloads: [...form.workloads, twin], pods });
  const result = proved(linkerd, [webToApi, ['twin-1', 'ingress', 'web', 9000]], {}, both);
  assert.ok(result.type === 'abstained' && /no label tells its pods from those of Deployment/.test(result.reason));
  const many: Seen[] = [9000, 9001, 9000].map((port) => ['api-1', 'ingress', 'web', port] as const);
  const ports = specs(written(linkerd, [...many, ['db-1', 'ingress', 'web', 9000]]).objects, 'Server').map((spec) =>
    JSON.stringify(spec),
  );
  assert.equal(new Set(ports).size, ports.length);
});

test('a path with a dash beside a number is one route that its own judge reads', () => {
  const request = (path: string): Seen => ['api-1', 'ingress', 'web', 9000, { http: { method: 'GET', path } }];
  const { text, unknown } = written(linkerd, [request('/my-api/v1~/17'), request('/my-api/v1~/18')], { l7: true });
  assert.equal(unknown, 0);
  const asking = (path: string) => ({ src: { pod: 'shop/web-1' }, http: { method: 'GET', path } });
  assert.equal(asked(text, asking('/my-api/v1~/19')), 'allow');
  assert.equal(asked(text, asking('/myXapi/v1~/19')), 'deny');
});
