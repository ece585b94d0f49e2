import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PodState } from '#kubernetes/pod-state.ts';
import { workloadOf } from '#kubernetes/owner.ts';
import type { EndpointsState, ServiceState } from '#kubernetes/service-state.ts';
import { ClusterPeers } from './cluster-peers.ts';
import type { Dialled, Met } from './resolver.ts';

const hour = 3_600_000;
const now = 100 * hour;

const pod = (name: string, set: string, ips: readonly string[], more: Partial<PodState> = {}): PodState => ({
  namespace: 'shop',
  name,
  uid: name,
  cgroupUid: name,
  owner: { kind: 'StatefulSet', name: set, uid: set },
  labels: {},
  node: 'node-1',
  created: 0,
  serviceAccount: null,
  hostNetwork: false,
  ips,
  started: 0,
  terminating: false,
  finished: false,
  containers: [],
  ...more,
});

const service = (
  name: string,
  ips: readonly string[],
  ports: ServiceState['ports'],
  namespace = 'shop',
): ServiceState => ({
  uid: `service ${name}`,
  namespace,
  name,
  created: 0,
  ips,
  ports,
});

const slice = (
  name: string,
  ips: readonly string[],
  ports: EndpointsState['ports'],
  namespace = 'shop',
): EndpointsState => ({
  uid: `slice ${name} ${ips.join()}`,
  namespace,
  service: name,
  ips,
  ports,
});

const http = { name: 'http', port: 80, protocol: 'tcp', nodePort: 30_080 };
const to = (port: number, name = 'http', protocol = 'tcp') => [{ name, port, protocol }];

function cluster(clock = { now }): { peers: ClusterPeers; clock: { now: number } } {
  const peers = new ClusterPeers({
    workloadOf: (each) => workloadOf(each, () => undefined),
    now: () => clock.now,
    listed: () => true,
    cidrs: ['10.96.0.0/12'],
  });
  peers.putNode({ uid: 'n1', name: 'node-1', created: 0, ips: ['192.0.2.10'], podCidrs: ['10.244.0.0/24'] });
  peers.putNode({ uid: 'n2', name: 'node-2', created: 0, ips: ['192.0.2.11', 'fd01::2'], podCidrs: ['10.244.1.0/24'] });
  peers.putPod(pod('db-0', 'db', ['10.244.0.5', 'fd00::5']));
  peers.putPod(pod('db-1', 'db', ['10.244.1.5']));
  peers.putPod(pod('web-0', 'web', ['10.244.1.6']));
  peers.putPod(pod('proxy-0', 'proxy', ['192.0.2.10'], { hostNetwork: true }));
  peers.services.put(service('db', ['10.96.0.5'], [http]), 0);
  peers.services.putEndpoints(slice('db', ['10.244.0.5', '10.244.1.5'], to(8080)));
  peers.services.put(service('mixed', ['10.96.0.6'], [{ ...http, nodePort: null }]), 0);
  peers.services.putEndpoints(slice('mixed', ['10.244.0.5', '10.244.1.6'], to(8080)));
  peers.services.put(service('empty', ['10.96.0.7'], [{ ...http, nodePort: null }]), 0);
  peers.services.put(service('outside', ['10.96.0.8'], [{ ...http, nodePort: null }]), 0);
  peers.services.putEndpoints(slice('outside', ['198.51.100.7'], to(3306)));
  peers.services.put(
    service('kubernetes', ['10.96.0.1'], [{ name: 'https', port: 443, protocol: 'tcp', nodePort: null }], 'default'),
    0,
  );
  peers.services.putEndpoints(slice('kubernetes', ['192.0.2.10', '192.0.2.11'], to(6443, 'https'), 'default'));
  peers.services.put(service('dns', ['10.96.0.10'], [{ name: 'dns', port: 53, protocol: 'udp', nodePort: null }]), 0);
  peers.services.putEndpoints(slice('dns', ['10.244.1.6'], to(5353, 'dns', 'udp')));
  return { peers, clock };
}

const end = (ip: string, port: number | null, more: Partial<Dialled> = {}): Dialled => ({
  direction: 'egress',
  protocol: 'tcp',
  ip,
  port,
  before: null,
  at: now - hour,
  names: () => [],
  ...more,
});

const workload = (name: string) => ({ type: 'workload', workload: { namespace: 'shop', kind: 'StatefulSet', name } });
const db = { namespace: 'shop', name: 'db', port: 80 };

const cases: [what: string, end: Dialled, met: object[]][] = [
  ['a pod', end('10.244.0.5', 8080), [{ peer: workload('db'), port: 8080 }]],
  ['a pod by its other family', end('fd00::5', 8080), [{ peer: workload('db'), port: 8080 }]],
  ['a caller', end('10.244.1.6', 8080, { direction: 'ingress' }), [{ peer: workload('web'), port: 8080 }]],
  [
    'a Service of one workload, after translation',
    end('10.96.0.5', 80),
    [{ peer: workload('db'), port: 8080, service: db }],
  ],
  [
    'a Service of two workloads: which, nobody can tell',
    end('10.96.0.6', 80),
    [{ peer: { type: 'unresolved', ip: '10.96.0.6' }, port: 80, service: { ...db, name: 'mixed' } }],
  ],
  [
    'the same, where the socket itself was translated',
    end('10.244.1.6', 8080, { before: { ip: '10.96.0.6', port: 80 } }),
    [{ peer: workload('web'), port: 8080, service: { ...db, name: 'mixed' } }],
  ],
  [
    'a Service of nobody',
    end('10.96.0.7', 80),
    [{ peer: { type: 'unresolved', ip: '10.96.0.7' }, port: 80, service: { ...db, name: 'empty' } }],
  ],
  [
    'a Service with an address outside behind it',
    end('10.96.0.8', 80),
    [{ peer: { type: 'address', ip: '198.51.100.7' }, port: 3306, service: { ...db, name: 'outside' } }],
  ],
  [
    'a port that the Service has not',
    end('10.96.0.5', 81),
    [{ peer: { type: 'unresolved', ip: '10.96.0.5' }, port: 81 }],
  ],
  [
    'another protocol than the Service has',
    end('10.96.0.5', 80, { protocol: 'udp' }),
    [{ peer: { type: 'unresolved', ip: '10.96.0.5' }, port: 80 }],
  ],
  ['a Service by the port of any node', end('192.0.2.11', 30_080), [{ peer: workload('db'), port: 8080, service: db }]],
  [
    'DNS, to its target port',
    end('10.96.0.10', 53, { protocol: 'udp' }),
    [{ peer: workload('web'), port: 5353, service: { namespace: 'shop', name: 'dns', port: 53 } }],
  ],
  [
    'the API server by its Service: each of its endpoints serves',
    end('10.96.0.1', 443),
    ['192.0.2.10', '192.0.2.11'].map((ip) => ({
      peer: { type: 'api-server', ip },
      port: 6443,
      service: { namespace: 'default', name: 'kubernetes', port: 443 },
    })),
  ],
  [
    'the API server by its own address',
    end('192.0.2.10', 6443),
    [{ peer: { type: 'api-server', ip: '192.0.2.10' }, port: 6443 }],
  ],
  [
    'the same node on another port',
    end('192.0.2.10', 9100),
    [{ peer: { type: 'node', node: 'node-1', ip: '192.0.2.10' }, port: 9100 }],
  ],
  [
    "a node's call, the API server's node among them",
    end('192.0.2.10', 8080, { direction: 'ingress' }),
    [{ peer: { type: 'node', node: 'node-1', ip: '192.0.2.10' }, port: 8080 }],
  ],
  [
    "a node by its own address in its pods' network",
    end('10.244.1.1', 8080, { direction: 'ingress' }),
    [{ peer: { type: 'node', node: 'node-2', ip: '10.244.1.1' }, port: 8080 }],
  ],
  [
    "a pod's address that nobody has",
    end('10.244.0.77', 80),
    [{ peer: { type: 'unresolved', ip: '10.244.0.77' }, port: 80 }],
  ],
  [
    "a Service's address that nobody has",
    end('10.96.7.7', 80),
    [{ peer: { type: 'unresolved', ip: '10.96.7.7' }, port: 80 }],
  ],
  [
    'an address outside, with the names that led there',
    end('198.51.100.1', 443, { names: () => ['api.example.com'] }),
    [{ peer: { type: 'address', ip: '198.51.100.1', names: ['api.example.com'] }, port: 443 }],
  ],
  [
    'a private address outside of all ranges',
    end('172.20.0.9', 5432),
    [{ peer: { type: 'address', ip: '172.20.0.9' }, port: 5432 }],
  ],
  [
    'the metadata service',
    end('169.254.169.254', 80),
    [{ peer: { type: 'address', ip: '169.254.169.254' }, port: 80 }],
  ],
  ['a ping', end('10.244.0.5', null, { protocol: 'icmp' }), [{ peer: workload('db'), port: null }]],
];

test('who the other end was', () => {
  const { peers } = cluster();
  for (const [what, dialled, met] of cases) assert.deepEqual(peers.resolve(dialled), met, what);
});

const only = (met: readonly Met[] | null): unknown =>
  met?.map(({ peer }) => (peer.type === 'workload' ? peer.workload.name : peer.type));

test('an address that came to another pod names each for its own time, and nobody in between', () => {
  const { peers, clock } = cluster({ now: 10 * hour });
  peers.removePod('db-0');
  clock.now = 12 * hour;
  peers.putPod(pod('cache-0', 'cache', ['10.244.0.5'], { started: 12 * hour }));
  clock.now = 13 * hour;
  assert.deepEqual(only(peers.resolve(end('10.244.0.5', 8080, { at: 9 * hour }))), ['db']);
  assert.deepEqual(only(peers.resolve(end('10.244.0.5', 8080, { at: 11 * hour }))), ['unresolved']);
  assert.deepEqual(only(peers.resolve(end('10.244.0.5', 8080, { at: 12.5 * hour }))), ['cache']);
});

test('a pod that finished has no address any more; one that is told late has it from its start', () => {
  const { peers, clock } = cluster({ now: 10 * hour });
  peers.putPod(pod('job', 'job', ['10.244.0.9'], { started: 8 * hour }));
  peers.putPod(pod('job', 'job', ['10.244.0.9'], { started: 8 * hour, finished: true }));
  clock.now = 11 * hour;
  assert.deepEqual(only(peers.resolve(end('10.244.0.9', 80, { at: 9 * hour }))), ['job']);
  assert.deepEqual(only(peers.resolve(end('10.244.0.9', 80, { at: 7 * hour }))), ['unresolved']);
  assert.deepEqual(only(peers.resolve(end('10.244.0.9', 80, { at: 10.5 * hour }))), ['unresolved']);
});

test('what cannot be told yet is asked for again, for a while', () => {
  const clock = { now };
  const { peers } = cluster(clock);
  assert.equal(peers.resolve(end('10.244.0.77', 80, { at: now - 1000 })), null);
  peers.putPod(pod('new', 'new', ['10.244.0.77'], { started: now - 2000 }));
  assert.deepEqual(only(peers.resolve(end('10.244.0.77', 80, { at: now - 1000 }))), ['new']);
  assert.deepEqual(only(peers.resolve(end('10.244.0.78', 80, { at: now - 20_000 }))), ['unresolved']);
});

test('without the lists nobody is taken for the world outside', () => {
  const peers = new ClusterPeers({
    workloadOf: (each) => workloadOf(each, () => null),
    now: () => now,
    listed: () => false,
    cidrs: [],
  });
  assert.equal(peers.resolve(end('10.244.0.5', 80, { at: now - 60_000 })), null);
  assert.deepEqual(only(peers.resolve(end('127.0.0.1', 80, { at: now }))), ['address']);
});

test("where pods live outside of their nodes' ranges, an unknown private address is not the world outside", () => {
  const { peers } = cluster();
  peers.putPod(pod('vpc', 'vpc', ['172.20.0.4']));
  assert.deepEqual(only(peers.resolve(end('172.20.0.9', 5432))), ['unresolved']);
  assert.deepEqual(only(peers.resolve(end('172.20.0.9', 5432, { names: () => ['db.example.com'] }))), ['address']);
  assert.deepEqual(only(peers.resolve(end('198.51.100.1', 443))), ['address']);
});

test('endpoints and Services that are gone answer for nothing', () => {
  const { peers, clock } = cluster({ now: 10 * hour });
  peers.services.removeEndpoints('slice db 10.244.0.5,10.244.1.5');
  assert.deepEqual(only(peers.resolve(end('10.96.0.5', 80, { at: 9 * hour }))), ['unresolved']);
  peers.services.remove('service db', clock.now);
  clock.now = 12 * hour;
  assert.deepEqual(peers.resolve(end('10.96.0.5', 80, { at: 11 * hour })), [
    { peer: { type: 'unresolved', ip: '10.96.0.5' }, port: 80 },
  ]);
  assert.deepEqual(only(peers.resolve(end('192.0.2.11', 30_080, { at: 11 * hour }))), ['node']);
});
