import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readClusterText, UnreadableCluster } from './cluster-text.ts';
import { whoseIn } from './whose.ts';

const owned = (kind: string, name: string, uid: string) => ({
  ownerReferences: [{ kind, name, uid, controller: true }],
});
const pod = (name: string, metadata: object, spec: object = {}, status: object = {}) => ({
  kind: 'Pod',
  metadata: { namespace: 'shop', name, uid: `uid-${name}`, labels: { app: 'web' }, ...metadata },
  spec: { nodeName: 'n1', containers: [{ ports: [{ name: 'http', containerPort: 8080 }] }], ...spec },
  status: { phase: 'Running', podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }], ...status },
});
const objects = [
  { kind: 'NamespaceList', items: [{ metadata: { name: 'shop', labels: { team: 'a' } } }] },
  {
    kind: 'Node',
    metadata: { name: 'n1', uid: 'n' },
    spec: { podCIDRs: ['10.0.0.0/24'] },
    status: {
      addresses: [
        { type: 'InternalIP', address: '172.18.0.2' },
        { type: 'Hostname', address: 'n1' },
      ],
    },
  },
  {
    kind: 'Deployment',
    metadata: { namespace: 'shop', name: 'web', uid: 'd' },
    spec: { selector: { matchLabels: { app: 'web' } } },
  },
  {
    kind: 'ReplicaSet',
    metadata: { namespace: 'shop', name: 'web-abc', uid: 'r', ...owned('Deployment', 'web', 'd') },
    spec: { selector: { matchLabels: { app: 'web', 'pod-template-hash': 'abc' } } },
  },
  {
    kind: 'CronJob',
    metadata: { namespace: 'shop', name: 'nightly', uid: 'c' },
    spec: { jobTemplate: { spec: { template: { metadata: { labels: { job: 'nightly' } } } } } },
  },
  pod('web-1', owned('ReplicaSet', 'web-abc', 'r')),
  pod('done', {}, {}, { phase: 'Succeeded' }),
  pod('host', { labels: { app: 'host' } }, { hostNetwork: true }, { podIPs: [{ ip: '172.18.0.2' }] }),
  {
    kind: 'Service',
    metadata: { namespace: 'shop', name: 'web' },
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.96.0.5',
      selector: { app: 'web' },
      ports: [{ port: 80, targetPort: 'http' }],
    },
  },
  {
    kind: 'Service',
    metadata: { namespace: 'default', name: 'kubernetes' },
    spec: { clusterIP: '10.96.0.1', ports: [{ port: 443, targetPort: 6443 }] },
  },
  {
    kind: 'EndpointSlice',
    metadata: {
      namespace: 'default',
      name: 'kubernetes',
      uid: 'e',
      labels: { 'kubernetes.io/service-name': 'kubernetes' },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['172.18.0.2'] }],
  },
  { kind: 'ConfigMap', metadata: { namespace: 'shop', name: 'passed-over' } },
];

test('objects as kubectl prints them become a cluster', () => {
  const cluster = readClusterText(JSON.stringify({ kind: 'List', items: objects }));
  assert.deepEqual(cluster.namespaces, { shop: { team: 'a', 'kubernetes.io/metadata.name': 'shop' } });
  assert.deepEqual(cluster.nodes, [{ name: 'n1', labels: {}, ips: ['172.18.0.2'], podCIDRs: ['10.0.0.0/24'] }]);
  assert.deepEqual(
    cluster.workloads.map(({ kind, name, selector }) => [kind, name, selector]),
    [
      ['Deployment', 'web', { matchLabels: { app: 'web' } }],
      ['CronJob', 'nightly', { matchLabels: { job: 'nightly' } }],
    ],
  );
  assert.deepEqual(
    cluster.pods.map(({ name, workload, ips, hostNetwork }) => [
      name,
      workload.kind,
      workload.name,
      ips.length,
      hostNetwork,
    ]),
    [
      ['web-1', 'Deployment', 'web', 2, false],
      ['host', 'Pod', 'host', 1, true],
    ],
  );
  assert.deepEqual(cluster.pods[0]?.ports, [{ name: 'http', containerPort: 8080, protocol: 'TCP' }]);
  assert.deepEqual(cluster.apiServerIPs, ['172.18.0.2']);
});

test('an address has an owner, and a Service is looked through', () => {
  const cluster = readClusterText(objects.map((each) => JSON.stringify(each)).join('\n---\n'));
  const whose = whoseIn(cluster);
  const types = ['10.0.0.1', 'fd00::1', '172.18.0.2', '10.96.0.5', '10.0.0.77', '192.0.2.1', 'nonsense'].map(
    (ip) => whose.owner(ip).type,
  );
  assert.deepEqual(types, ['pod', 'pod', 'node', 'service', 'nobody', 'outside', 'nobody']);
  const service = cluster.services[0];
  assert.ok(service);
  assert.deepEqual(whose.behind(service, 80, 'TCP'), {
    workload: { namespace: 'shop', kind: 'Deployment', name: 'web' },
    port: 8080,
  });
  assert.equal(whose.behind(service, 81, 'TCP'), null);
  assert.deepEqual([whose.isApiServer('172.18.0.2', 6443), whose.isApiServer('172.18.0.2', 10_250)], [true, false]);
});

test('a text that is no cluster says why', () => {
  for (const text of [
    '{',
    '{"namespaces": {}, "pods": [{"name": "x"}]}',
    'a: [',
    '{"namespaces": {}, "pods": [{"namespace": "x", "name": "y", "ip": "ten"}]}',
  ])
    assert.throws(() => readClusterText(text), UnreadableCluster, text);
});
