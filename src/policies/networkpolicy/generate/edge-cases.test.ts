/** Published ports, named ports, the limits of each API, and what cannot be written. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterForm } from '#kubernetes/cluster-form.ts';
import { form, proved, type Seen, written } from './shop.cases.ts';

const tcp = (port: number) => [{ protocol: 'TCP', port }];
const toPort = (port: string, protocol = 'TCP') => [{ ports: [{ port, protocol }] }];
const node = { type: 'node', node: 'n2', ip: '172.18.0.3' } as const;
const fromOutside: Seen = ['web-1', 'ingress', '203.0.113.7', 8080];

test('a Service that lets the world in opens its port to all but pods, and says so', () => {
  const { objects, notes } = written([fromOutside]);
  assert.deepEqual(objects['NetworkPolicy/web']?.spec.ingress, [
    { from: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/16'] } }], ports: tcp(8080) },
  ]);
  assert.ok(
    notes.some((note) =>
      /LoadBalancer shop\/web lets everybody in, so clients that were not seen are let in too/.test(note),
    ),
    notes.join('\n'),
  );
  const own = written([fromOutside, ['web-1', 'ingress', node, 8080]], { type: 'cilium' }).objects[
    'CiliumNetworkPolicy/web'
  ];
  assert.deepEqual(own?.spec.ingress, [{ fromEntities: ['world', 'remote-node'], toPorts: toPort('8080') }]);
});

test('its source ranges hold for the policy too', () => {
  const limited = clusterForm.parse({
    ...form,
    services: form.services.map((each) => ({ ...each, loadBalancerSourceRanges: ['203.0.113.0/24'] })),
  });
  const { objects } = written([fromOutside], {}, limited);
  assert.deepEqual(objects['NetworkPolicy/web']?.spec.ingress, [
    { from: [{ ipBlock: { cidr: '203.0.113.0/24' } }], ports: tcp(8080) },
  ]);
});

test("without the pods' networks only the seen clients are let in, and it is said", () => {
  const { podCIDRs: _, ...rest } = form;
  const { objects, notes } = written([fromOutside], {}, clusterForm.parse(rest));
  assert.deepEqual(objects['NetworkPolicy/web']?.spec.ingress, [
    { from: [{ ipBlock: { cidr: '203.0.113.7/32' } }], ports: tcp(8080) },
  ]);
  assert.ok(notes.some((note) => note.includes('only the seen clients are let in')));
  // On Cilium the world is a peer of its own, which pods are no part of.
  const own = written([fromOutside], { type: 'cilium' }, clusterForm.parse(rest)).objects['CiliumNetworkPolicy/web'];
  assert.deepEqual(own?.spec.ingress, [{ fromEntities: ['world'], toPorts: toPort('8080') }]);
});

test('a port that pods have under one name at different numbers is written by its name', () => {
  const { objects } = written([
    ['web-1', 'egress', 'api', 9000],
    ['web-2', 'egress', 'api', 9001],
    ['api-1', 'ingress', 'web', 9000],
  ]);
  assert.deepEqual(objects['NetworkPolicy/web']?.spec.egress, [
    { to: [{ podSelector: { matchLabels: { app: 'api' } } }], ports: [{ protocol: 'TCP', port: 'grpc' }] },
  ]);
  assert.deepEqual(objects['NetworkPolicy/api']?.spec.ingress, [
    { from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ protocol: 'TCP', port: 'grpc' }] },
  ]);
});

test('names need their DNS to be read on the way', () => {
  const { objects } = written(
    [
      ['api-1', 'egress', { type: 'address', ip: '192.0.2.1', names: ['a.example.com'] }, 443],
      ['api-1', 'egress', 'coredns', 53, 'udp'],
    ],
    { type: 'cilium', external: 'fqdn' },
  );
  const [dns] = objects['CiliumNetworkPolicy/api']?.spec.egress ?? [];
  assert.deepEqual((dns as { toPorts: unknown[] }).toPorts, [
    {
      ports: [
        { port: '53', protocol: 'TCP' },
        { port: '53', protocol: 'UDP' },
      ],
      rules: { dns: [{ matchPattern: '*' }] },
    },
  ]);
});

test('NodeLocal DNSCache is read for names too, and a missing DNS server is told', () => {
  const named: Seen = ['api-1', 'egress', { type: 'address', ip: '192.0.2.1', names: ['a.example.com'] }, 443];
  const options = { type: 'cilium', external: 'fqdn' };
  const { text, notes } = written([named, ['api-1', 'egress', '169.254.20.10', 53, 'udp']], options);
  assert.match(text, /- host\n[\s\S]*dns:\n\s+- matchPattern: "\*"/);
  const missing = /no question to a DNS server was seen/;
  assert.ok(!notes.some((note) => missing.test(note)));
  assert.ok(written([named], options).notes.some((note) => missing.test(note)));
});

test('over 40 ports become several lists, over 25 several rules', () => {
  const seen = Array.from({ length: 95 }, (_, at): Seen => ['api-1', 'egress', 'db', at + 1000]);
  const [rule] = written(seen, { type: 'cilium' }).objects['CiliumNetworkPolicy/api']?.spec.egress ?? [];
  assert.deepEqual(
    (rule as { toPorts: { ports: unknown[] }[] }).toPorts.map(({ ports }) => ports.length),
    [40, 40, 15],
  );
  const many =
    written(seen, { type: 'cluster-network-policy' }).objects['ClusterNetworkPolicy/shop.api']?.spec.egress ?? [];
  assert.deepEqual(
    many.map((each) => (each as { protocols?: unknown[] }).protocols?.length),
    [25, 25, 25, 20, undefined],
  );
});

test('over 25 peers of a ClusterNetworkPolicy go on in a second one, and the refusal stays last', () => {
  const seen = Array.from({ length: 60 }, (_, at): Seen => ['api-1', 'egress', `192.0.2.${at}`, 1000 + at]);
  const { objects } = written(seen, { type: 'cluster-network-policy' });
  const parts = ['shop.api', 'shop.api-2', 'shop.api-3'].map((name) => objects[`ClusterNetworkPolicy/${name}`]?.spec);
  assert.deepEqual(
    parts.map((spec) => [spec?.['priority'], spec?.egress?.length]),
    [
      [500, 25],
      [501, 25],
      [502, 11],
    ],
  );
  assert.match(JSON.stringify(parts[2]?.egress?.at(-1)), /"action":"Deny"/);
});

test('what this type cannot tell, and whom nobody could name, is listed and not written', () => {
  const result = proved([
    ['api-1', 'egress', 'web', 8080],
    ['api-1', 'egress', 'db', null, 'icmp'],
    ['api-1', 'egress', { type: 'unresolved', ip: '10.0.0.99' }, 443],
  ]);
  assert.ok(result.type === 'proved');
  assert.deepEqual(result.notes, [
    'Deployment shop/api: not written, egress of ICMP: Deployment data/db; this type of policy cannot tell it',
    'Deployment shop/api: not written, nobody could name the other end: egress to 10.0.0.99 443/tcp',
  ]);
  const [{ artifact, proof } = assert.fail()] = result.artifacts;
  assert.ok(artifact.text.includes('10.0.0.99') && !/0\.0\.0\.0|10\.0\.0\.99\//.test(artifact.text));
  assert.equal(proof.unknown, 1);
});

test('long lists are cut, and say so', () => {
  const names = Array.from({ length: 30 }, (_, at) => `n${String(at).padStart(2, '0')}.example.com`);
  const strangers = Array.from(
    { length: 70 },
    (_, at): Seen => ['api-1', 'egress', { type: 'unresolved', ip: `10.0.7.${at}` }, 443],
  );
  const result = proved([['api-1', 'egress', { type: 'address', ip: '192.0.2.1', names }, 443], ...strangers]);
  assert.ok(result.type === 'proved');
  const [{ artifact } = assert.fail()] = result.artifacts;
  assert.match(artifact.text, /# known as n00\.example\.com, .*n09\.example\.com and 20 more\n/);
  assert.equal(result.notes.length, 51);
  assert.match(result.notes.at(-1) ?? '', /20 more$/);
});
