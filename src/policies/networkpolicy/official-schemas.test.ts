/** Every form that is written satisfies the schema of its API, and Cilium's own admission. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faults, type Official, officialCore, officialCrd, withoutSchemas } from '../official-schemas.cases.ts';
import { type Seen, written } from './generate/shop.cases.ts';
import { types } from './options.ts';

const folders: Readonly<Record<string, string>> = {
  'cilium.io/v2': 'cilium',
  'projectcalico.org/v3': 'calico',
  'policy.networking.k8s.io/v1alpha2': 'network-policy-api',
};

function official(apiVersion: string, kind: string): Official {
  if (apiVersion === 'networking.k8s.io/v1')
    return officialCore('apis__networking.k8s.io__v1.json', 'io.k8s.api.networking.v1.NetworkPolicy');
  return officialCrd(folders[apiVersion] ?? '', apiVersion, kind);
}

const node = { type: 'node', node: 'n2', ip: '172.18.0.3' } as const;
const everything: readonly Seen[] = [
  ['web-1', 'ingress', '203.0.113.7', 8080],
  ['web-1', 'ingress', node, 8080],
  ['web-1', 'egress', 'api', 9000],
  ['web-2', 'egress', 'api', 9001],
  ['api-1', 'egress', 'db', 5432],
  ['api-1', 'egress', 'db', 3868, 'sctp'],
  ['api-1', 'egress', 'coredns', 53, 'udp'],
  ['api-1', 'egress', { type: 'address', ip: '192.0.2.1', names: ['api.example.com'] }, 443],
  ['api-1', 'egress', '2001:db8::1', 443],
  ['api-1', 'egress', { type: 'api-server', ip: '172.18.0.2' }, 6443],
  ['api-1', 'egress', '169.254.169.254', 80],
  ['api-1', 'egress', '169.254.20.10', 53, 'udp'],
  ...Array.from({ length: 90 }, (_, at): Seen => ['db-1', 'ingress', 'web', at + 2000]),
  ...Array.from({ length: 40 }, (_, at): Seen => ['db-1', 'egress', `198.51.100.${at}`, at + 3000]),
];
const icmp: Seen = ['api-1', 'egress', 'db', null, 'icmp', { icmpType: 8 }];

const seen = new Set<string>();
for (const type of types) {
  for (const options of [
    {},
    { external: 'fqdn' },
    { external: 'aggregate', denyDefault: true },
    { audit: true, denyDefault: true },
    { direction: 'ingress' },
  ]) {
    if (type === 'cluster-network-policy' && 'audit' in options) continue;
    test(`${type} with ${JSON.stringify(options)} is what its API takes`, { skip: withoutSchemas }, () => {
      const says = type !== 'kubernetes' && type !== 'cluster-network-policy';
      const { objects } = written(says ? [...everything, icmp] : everything, { ...options, type });
      for (const object of Object.values(objects)) {
        const { apiVersion, kind, metadata } = object;
        const own = official(apiVersion, kind);
        assert.deepEqual(faults(object, own), [], `${kind}/${metadata.name}`);
        assert.equal(own.scope === 'Namespaced', metadata.namespace !== undefined, kind);
        seen.add(kind);
      }
    });
  }
}

test('all kinds were among them', { skip: withoutSchemas }, () => {
  assert.deepEqual([...seen].toSorted(), [
    'CiliumClusterwideNetworkPolicy',
    'CiliumNetworkPolicy',
    'ClusterNetworkPolicy',
    'GlobalNetworkPolicy',
    'NetworkPolicy',
    'StagedGlobalNetworkPolicy',
    'StagedKubernetesNetworkPolicy',
    'StagedNetworkPolicy',
  ]);
});

test('the check of schemas finds faults', { skip: withoutSchemas }, () => {
  const base = { apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata: { name: 'x' } };
  const own = official('cilium.io/v2', 'CiliumNetworkPolicy');
  const ports = (port: unknown) => ({
    ...base,
    spec: { endpointSelector: {}, ingress: [{ toPorts: [{ ports: [{ port, protocol: 'TCP' }] }] }] },
  });
  assert.deepEqual(faults(ports('80'), own), []);
  for (const broken of [
    ports(80),
    ports('-'),
    { ...base, spec: { endpointSelector: {} } },
    { ...base, spec: { endpointSelector: {}, ingres: [{}], ingress: [{}] } },
    { ...base, spec: { endpointSelector: {}, nodeSelector: {}, ingress: [{}] } },
  ])
    assert.notDeepEqual(faults(broken, own), [], JSON.stringify(broken));
});
