/** The application's own protocol, and the type of policy that a cluster enforces. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fold } from '#baseline/fold.ts';
import { clusterForm } from '#kubernetes/cluster-form.ts';
import { clusterOfObjects } from '#kubernetes/cluster-objects.ts';
import type { Observation } from '#observation/observation.ts';
import { generateProved } from '#proof/generate.ts';
import { networkpolicy } from '../index.ts';
import { pathPattern } from './http.ts';
import { cluster, form, recordingOf, type Seen, written } from './shop.cases.ts';

const called = (method: string, path: string): Seen => [
  'web-1',
  'ingress',
  'api',
  8080,
  'tcp',
  { http: { method, path } },
];
const seen: readonly Seen[] = [
  called('GET', '/orders/17?page=2'),
  called('GET', '/orders/4711'),
  called('POST', '/orders'),
  called('GET', '/static/app.v1(2).js'),
  ['web-1', 'ingress', 'api', 8080],
  ['web-1', 'ingress', 'db', 8080],
];

test('with --l7 methods and paths that were seen pass alone: for others the connection decides', () => {
  const { objects, notes } = written(seen, { type: 'cilium', l7: true });
  const [api, db] = objects['CiliumNetworkPolicy/web']?.spec.ingress ?? [];
  assert.deepEqual((db as { toPorts: object[] }).toPorts, [
    {
      ports: [{ port: '8080', protocol: 'TCP' }],
      rules: {
        http: [
          { method: 'POST', path: '/orders' },
          { method: 'GET', path: '/orders/[0-9]+' },
          { method: 'GET', path: '/orders/[0-9]+(\\?.*)?' },
          { method: 'GET', path: '/static/app\\.v1\\(2\\)\\.js' },
        ],
      },
    },
  ]);
  assert.deepEqual((api as { toPorts: object[] }).toPorts, [{ ports: [{ port: '8080', protocol: 'TCP' }] }]);
  assert.ok(!notes.some((note) => note.includes('--l7')));
});

test('without it the connection decides, and a note tells what could be written', () => {
  const { text, notes } = written(seen, { type: 'cilium' });
  assert.doesNotMatch(text, /http/);
  assert.ok(
    notes.includes(
      'Deployment shop/web: HTTP requests were seen over 1 of its connections; --l7 lets these alone through',
    ),
  );
  const plain = written(seen, { type: 'kubernetes', l7: true });
  assert.ok(plain.notes.some((note) => note.endsWith('this type of policy cannot tell them')));
});

test('the judge refuses a request that nobody saw, and lets those through that were', () => {
  const { text } = written(seen, { type: 'cilium', l7: true });
  const judge = networkpolicy.evaluator(text, {}, cluster);
  const flow = { src: { pod: 'shop/api-1' }, dst: { pod: 'shop/web-1' }, port: 8080, protocol: 'TCP' } as const;
  const asks = (method: string, path: string) =>
    judge.answer(networkpolicy.query.parse({ ...flow, http: { method, path } })).verdict;
  assert.equal(asks('GET', '/orders/1'), 'allow');
  assert.equal(asks('GET', '/static/app.v1(2).js'), 'allow');
  assert.equal(asks('DELETE', '/orders/1'), 'deny');
  assert.equal(asks('GET', '/orders/1/../../etc'), 'deny');
  assert.equal(judge.answer(flow).verdict, 'unknown');
});

test('law: a path is matched by its own pattern, whatever stands in it', () => {
  const segment = fc.oneof(fc.string({ unit: 'binary' }), fc.nat().map(String), fc.uuid());
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1 }), (segments) => {
      const path = `/${segments.join('/')}`;
      assert.match(path, new RegExp(`^(?:${pathPattern(path)})$`, 's'));
    }),
  );
});

const question = (name: string): Observation => ({
  type: 'dns',
  container: 'api-1',
  phase: 'program',
  program: '/app',
  seen: { first: 1, last: 2, count: 1 },
  server: '10.96.0.10',
  name,
  question: 'A',
  rcode: 'NOERROR',
  addresses: [],
  aliases: [],
  ttlSeconds: 30,
});
const withDns = clusterForm.parse({
  ...form,
  services: [
    ...form.services,
    {
      namespace: 'kube-system',
      name: 'kube-dns',
      clusterIP: '10.96.0.10',
      selector: { 'k8s-app': 'kube-dns' },
      ports: [],
    },
  ],
});

test('with --l7 only names that were asked for may be asked of DNS', () => {
  const plain = recordingOf([['api-1', 'egress', 'coredns', 53, 'udp']], withDns);
  const recording = {
    ...plain,
    observations: [...plain.observations, question('Pay.example.org.'), question('db.data.svc')],
  };
  const options = networkpolicy.options.parse({ type: 'cilium', l7: true });
  const result = generateProved(networkpolicy, { baselines: fold([recording]), cluster: withDns }, options, [
    recording,
  ]);
  assert.equal(result.type, 'proved', JSON.stringify(result));
  if (result.type !== 'proved') return;
  const [artifact] = result.artifacts;
  assert.deepEqual(
    [artifact?.proof.allowed, artifact?.proof.denied, artifact?.proof.unknown],
    [2, 0, 0],
    'the questions; the connection alone says nothing of them',
  );
  const text = artifact?.artifact.text ?? '';
  assert.match(text, /dns:\n *- matchName: db\.data\.svc\n *- matchName: pay\.example\.org\n/);
  const judge = networkpolicy.evaluator(text, {}, withDns);
  const [by] = recording.containers;
  assert.ok(by);
  assert.equal(judge.judge(question('evil.example.org'), by).verdict, 'deny');
});

test('the type is that of the cluster, told in a note; the reading follows it', () => {
  const flows: readonly Seen[] = [['api-1', 'egress', 'web', 8080]];
  assert.ok('NetworkPolicy/api' in written(flows).objects);
  for (const [api, kind, type] of [
    ['cilium.io/v2', 'CiliumNetworkPolicy', 'cilium'],
    ['projectcalico.org/v3', 'NetworkPolicy', 'calico'],
  ] as const) {
    const of = clusterForm.parse({ ...form, apis: ['apps/v1', api] });
    const { objects, notes } = written(flows, {}, of);
    assert.equal(objects[`${kind}/api`]?.apiVersion, api);
    assert.ok(notes.includes(`written for ${type}: the cluster serves ${api} (--type chooses another)`));
  }
  // Where Cilium enforces, an ipBlock is the world alone, also of Kubernetes' own policies.
  const of = clusterForm.parse({ ...form, apis: ['cilium.io/v2'] });
  const spec = { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] };
  const policy = JSON.stringify({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'a', namespace: 'shop' },
    spec,
  });
  const flow = { src: { pod: 'shop/api-1' }, dst: { pod: 'shop/web-1' }, port: 8080, protocol: 'TCP' } as const;
  assert.equal(networkpolicy.evaluator(policy, {}, of).answer(flow).verdict, 'deny');
  assert.equal(networkpolicy.evaluator(policy, {}, cluster).answer(flow).verdict, 'allow');
});

test('which APIs a cluster serves is read from what it says, and from definitions of custom resources', () => {
  const groups = { kind: 'APIGroupList', groups: [{ name: 'apps', versions: [{ groupVersion: 'apps/v1' }] }] };
  const definition = {
    kind: 'CustomResourceDefinition',
    spec: {
      group: 'cilium.io',
      versions: [
        { name: 'v2', served: true },
        { name: 'v2alpha1', served: false },
      ],
    },
  };
  assert.deepEqual(clusterOfObjects([groups, definition]).apis, ['apps/v1', 'cilium.io/v2']);
  assert.equal(clusterOfObjects([]).apis, undefined);
});
