/** The named cases: who is in a policy by which evidence, and who would break. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterForm } from '#kubernetes/cluster-form.ts';
import { form, type MeshObject, proved, type Seen, written } from '../mesh.cases.ts';
import { istio } from './index.ts';

function rulesOf(objects: readonly MeshObject[], name: string): unknown {
  return objects.find((each) => each.kind === 'AuthorizationPolicy' && each.metadata.name === name)?.spec['rules'];
}
const rule = (source: object, ...operations: object[]): object => ({
  from: [{ source }],
  to: operations.map((operation) => ({ operation })),
});
const webToApi: Seen = ['api-1', 'ingress', 'web', 9000];
const web = { principals: ['cluster.local/ns/shop/sa/web'] };

test("a client is the service account of its pods, whichever end's recording shows it", () => {
  const told: Seen = ['web-1', 'egress', 'api', 9000];
  const other: Seen = ['api-1', 'egress', 'db', 5432];
  for (const seen of [[webToApi], [told, other], [webToApi, told]])
    assert.deepEqual(rulesOf(written(istio, seen).objects, 'api'), [rule(web, { ports: ['9000'] })]);
});

test('what the mesh told of a client is said so, in the trust domain of the option', () => {
  const seen: Seen = ['api-1', 'ingress', 'web', 9000, { identity: 'spiffe://td.example/ns/shop/sa/web' }];
  const { objects, text } = written(istio, [seen], { trustDomain: 'td.example' });
  assert.deepEqual(rulesOf(objects, 'api'), [rule({ principals: ['td.example/ns/shop/sa/web'] }, { ports: ['9000'] })]);
  assert.match(text, /Deployment shop\/web, identity seen by the mesh/);
});

test('an identity of another mesh is named as it is', () => {
  const seen: Seen = ['api-1', 'ingress', '203.0.113.7', 9000, { identity: 'spiffe://far/ns/a/sa/b' }];
  assert.deepEqual(rulesOf(written(istio, [seen]).objects, 'api'), [
    rule({ principals: ['far/ns/a/sa/b'] }, { ports: ['9000'] }),
  ]);
});

test('an account that nobody knows never becomes a rule, and is named as what would break', () => {
  const nameless: Seen = ['api-1', 'ingress', 'nameless', 9000];
  const result = written(istio, [webToApi, nameless]);
  assert.deepEqual(rulesOf(result.objects, 'api'), [rule(web, { ports: ['9000'] })]);
  assert.match(result.text, /# not written and refused when enforced: Deployment shop\/nameless: the service account/);
  assert.equal(result.unknown, 0);
  const enforced = proved(istio, [webToApi, ['api-1', 'ingress', 'nameless', 9000]], { mode: 'enforce' });
  assert.ok(
    enforced.type === 'abstained' && /enforced it would refuse Deployment shop\/nameless/.test(enforced.reason),
  );
  const alone = proved(istio, [nameless]);
  assert.ok(alone.type === 'abstained' && /nameless: the service account of its pods is not known/.test(alone.reason));
});

test('of several accounts of one workload its own recording tells which; else it is named', () => {
  const pods = form.pods.map((pod) =>
    (pod as { name: string }).name === 'web-2' ? { ...pod, serviceAccount: 'other' } : pod,
  );
  const two = clusterForm.parse({ ...form, pods });
  const told = proved(istio, [webToApi], {}, two);
  assert.ok(told.type === 'abstained' && /several service accounts/.test(told.reason));
  const own: readonly Seen[] = [
    ['web-1', 'egress', 'api', 9000],
    ['api-1', 'egress', 'db', 5432],
  ];
  assert.deepEqual(rulesOf(written(istio, own, {}, two).objects, 'api'), [rule(web, { ports: ['9000'] })]);
});

test('an account that another workload shares is told as a widening', () => {
  const { text } = written(istio, [webToApi]);
  assert.match(text, /wider than what was seen: Deployment shop\/batch shares this service account/);
});

test('a scraper outside of the mesh is let in by its addresses, and named as what a rollout breaks', () => {
  const { objects, text } = written(istio, [['api-1', 'ingress', 'prometheus', 9000]]);
  assert.deepEqual(rulesOf(objects, 'api'), [rule({ ipBlocks: ['10.0.0.9/32'] }, { ports: ['9000'] })]);
  assert.match(
    text,
    /monitoring\/prometheus is outside of the mesh: by its present addresses, which a rollout changes/,
  );
});

test('a load balancer lets everybody in but pods; without one an address is an address', () => {
  const open = written(istio, [['web-1', 'ingress', '203.0.113.7', 8080]]);
  assert.deepEqual(rulesOf(open.objects, 'web'), [
    rule({ ipBlocks: ['0.0.0.0/0'], notIpBlocks: ['10.0.0.0/16'] }, { ports: ['8080'] }),
  ]);
  const { objects } = written(istio, [['api-1', 'ingress', '203.0.113.7', 9000]]);
  assert.deepEqual(rulesOf(objects, 'api'), [rule({ ipBlocks: ['203.0.113.7/32'] }, { ports: ['9000'] })]);
});

test("kubelet's probes need no rule; other ports from its own node do", () => {
  const own = { type: 'node', node: 'n1', ip: '172.18.0.2' } as const;
  const { objects, notes } = written(istio, [
    ['web-1', 'ingress', own, 8080],
    ['web-1', 'ingress', own, 9100],
  ]);
  assert.deepEqual(rulesOf(objects, 'web'), [
    rule({ ipBlocks: ['172.18.0.2/32', '172.18.0.3/32'] }, { ports: ['9100'] }),
  ]);
  assert.ok(notes.some((note) => /probes of 8080 need no rule/.test(note)));
  const alone = proved(istio, [['web-1', 'ingress', own, 8080]]);
  assert.ok(alone.type === 'abstained' && /nobody was seen calling it/.test(alone.reason));
});

test("what comes to the proxy's own ports tells no port of the workload", () => {
  const { objects, notes } = written(istio, [webToApi, ['api-1', 'ingress', 'web', 15_006]]);
  assert.deepEqual(rulesOf(objects, 'api'), [rule(web, { ports: ['9000'] })]);
  assert.ok(notes.some((note) => /came to the proxy's own ports/.test(note)));
});

test('a client that nobody could name is listed, and never a rule', () => {
  const { objects, text } = written(istio, [
    webToApi,
    ['api-1', 'ingress', { type: 'unresolved', ip: '10.0.0.99' }, 9000],
  ]);
  assert.deepEqual(rulesOf(objects, 'api'), [rule(web, { ports: ['9000'] })]);
  assert.match(text, /nobody could name the client 10\.0\.0\.99 to 9000/);
});

test('a workload outside of the mesh gets no policy', () => {
  const result = proved(istio, [['prometheus-1', 'ingress', 'web', 9090]]);
  assert.ok(result.type === 'abstained' && /its pods are not in the mesh/.test(result.reason));
});

test('without any sign of the mesh all are taken to be in it, and every file says so', () => {
  const pods = form.pods.map((pod) => ({ ...pod, labels: { app: (pod as { labels: { app: string } }).labels.app } }));
  const bare = clusterForm.parse({ ...form, pods });
  const { text } = written(istio, [webToApi], {}, bare);
  assert.match(
    text,
    /# no pod bears a label of Istio: all but those in their node's network are taken to be in the mesh/,
  );
  const asked = proved(istio, [webToApi], { members: 'labelled' }, bare);
  assert.ok(asked.type === 'abstained' && /not in the mesh/.test(asked.reason));
});

test('mutual TLS is asked for where the mesh saw it of every client, and not in a dry run', () => {
  const seen: Seen = ['api-1', 'ingress', 'web', 9000, { identity: 'spiffe://cluster.local/ns/shop/sa/web' }];
  const strict = (given: readonly Seen[], mode: string): unknown =>
    written(istio, given, { mode }).objects.find(({ kind }) => kind === 'PeerAuthentication')?.spec;
  assert.deepEqual(strict([seen], 'enforce'), { selector: { matchLabels: { app: 'api' } }, mtls: { mode: 'STRICT' } });
  assert.equal(strict([seen], 'dry-run'), undefined);
  assert.equal(strict([seen, ['api-1', 'ingress', 'prometheus', 9000]], 'enforce'), undefined);
  assert.equal(strict([seen, ['api-1', 'ingress', 'web', 9000, { identity: null }]], 'enforce'), undefined);
});

test('a default deny stands beside the policies, and the replay refuses it where it breaks what was seen', () => {
  const { objects } = written(istio, [webToApi], { denyDefault: true });
  const companion = objects.find(({ metadata }) => metadata.name === 'allow-nothing');
  assert.deepEqual(
    [companion?.spec, companion?.metadata.annotations],
    [{ action: 'ALLOW' }, { 'istio.io/dry-run': 'true' }],
  );
  // api calls batch, which was not watched and has no policy of its own.
  const seen: readonly Seen[] = [webToApi, ['api-1', 'egress', 'batch', 8080]];
  assert.equal(proved(istio, seen, { denyDefault: true }).type, 'refused');
});

test('at a waypoint no policy names more than 16 Services, and none that leads elsewhere', () => {
  const service = (name: string, selector: object): object => ({
    namespace: 'shop',
    name,
    selector,
    ports: [{ port: 80, targetPort: 9000 }],
  });
  const many = Array.from({ length: 17 }, (_, at) => service(`api-${String(at).padStart(2, '0')}`, { app: 'api' }));
  const given = { form: 'ambient', waypoint: 'waypoint' };
  const { objects, unknown } = written(istio, [webToApi], given, clusterForm.parse({ ...form, services: many }));
  assert.equal(unknown, 0);
  assert.deepEqual(
    objects.flatMap(({ metadata: { name }, spec }) =>
      'targetRefs' in spec ? [[name, (spec['targetRefs'] as unknown[]).length]] : [],
    ),
    [
      ['api-waypoint', 16],
      ['api-waypoint-2', 1],
    ],
  );
  const shared = proved(
    istio,
    [webToApi],
    given,
    clusterForm.parse({
      ...form,
      services: [service('all', { 'security.istio.io/tlsMode': 'istio' })],
    }),
  );
  assert.ok(
    shared.type === 'abstained' && /Service all leads to other workloads, too/.test(shared.reason),
    JSON.stringify(shared),
  );
});
