/** Random observations and recordings for the laws (fast-check). Only tests import this. */
import fc from 'fast-check';
import type { Cluster } from '#kubernetes/cluster.ts';
import { clusterForm } from '#kubernetes/cluster-form.ts';
import type { Pod } from '#kubernetes/pod.ts';
import type { Observation, Peer } from './observation.ts';
import { type Coverage, type Recording, recordingVersion } from './recording.ts';
import { syscallNames, syscallNumber } from './syscalls.ts';

const instances = ['run-1', 'run-2', 'run-3'] as const;
const when = fc.integer({ min: 1_790_000_000_000, max: 1_790_000_100_000 });

const sighting = fc
  .record({ a: when, b: when, count: fc.integer({ min: 1, max: 50 }) })
  .map(({ a, b, count }) => ({ first: Math.min(a, b), last: Math.max(a, b), count }));

const phase = fc.constantFrom('setup' as const, 'runtime' as const, 'program' as const);
const program = fc.constantFrom('/usr/sbin/nginx', '/bin/sh', '/tmp/it\'s "odd"\n', null);
const common = { container: fc.constantFrom(...instances), phase, program, seen: sighting };

const syscall = fc
  .record({
    ...common,
    name: fc.constantFrom(
      ...syscallNames('x86_64').filter(
        (name) => (syscallNumber('x86_64', name) ?? 0) < 452 && !['uprobe', 'uretprobe'].includes(name),
      ),
    ),
  })
  .map(
    ({ name, ...rest }): Observation => ({
      type: 'syscall',
      ...rest,
      arch: 'x86_64',
      nr: syscallNumber('x86_64', name) ?? 0,
      name,
    }),
  );

const file = fc
  .record({
    ...common,
    path: fc.string({ unit: 'binary', maxLength: 20 }),
    access: fc.constantFrom('read' as const, 'write' as const),
  })
  .map((rest): Observation => ({ type: 'file', ...rest, resolution: 'exact', kind: 'file', owner: null }));

const peer: fc.Arbitrary<Peer> = fc.oneof(
  fc.constantFrom('checkout', 'shop', 'cache').map(
    (name): Peer => ({
      type: 'workload',
      workload: { namespace: 'shop', kind: 'Deployment', name },
    }),
  ),
  fc.constant<Peer>({ type: 'workload', workload: { namespace: 'kube-system', kind: 'Deployment', name: 'coredns' } }),
  fc
    .constantFrom('node-1', 'node-2')
    .map((node): Peer => ({ type: 'node', node, ip: node === 'node-1' ? '172.18.0.2' : '172.18.0.3' })),
  fc.constant<Peer>({ type: 'api-server', ip: '172.18.0.2' }),
  fc
    .constantFrom('192.0.2.1', '198.51.100.7', '2001:db8::7', '169.254.169.254')
    .map((ip): Peer => ({ type: 'address', ip })),
);

const flow = fc
  .record({
    ...common,
    peer,
    port: fc.oneof(fc.constantFrom(53, 443, 8080), fc.integer({ min: 1, max: 65_535 })),
    direction: fc.constantFrom('ingress' as const, 'egress' as const),
    protocol: fc.constantFrom('tcp' as const, 'udp' as const, 'sctp' as const),
    outcome: fc.constantFrom('established' as const, 'established' as const, 'attempted' as const, 'failed' as const),
  })
  .map((rest): Observation => ({ type: 'flow', ...rest }));

const execution = fc.record({ ...common, path: fc.constantFrom('/bin/sh', '/usr/bin/id', '/opt/my app/"x"') }).map(
  (rest): Observation => ({
    type: 'exec',
    ...rest,
    calledAs: rest.path,
    parent: rest.program,
    argv: [],
    argvCut: false,
    uid: 0,
    gid: 0,
  }),
);

const capability = fc
  .record({
    ...common,
    name: fc.constantFrom('CAP_CHOWN', 'CAP_NET_BIND_SERVICE', 'CAP_SETUID'),
    granted: fc.boolean(),
  })
  .map((rest): Observation => ({ type: 'capability', ...rest, syscall: null, filtered: true }));

const socket = fc
  .record({
    ...common,
    family: fc.constantFrom('inet', 'inet6', 'unix', 'netlink', 'packet'),
    kind: fc.constantFrom('stream', 'dgram', 'raw'),
  })
  .map((rest): Observation => ({ type: 'socket', ...rest, protocol: 0 }));

const other = fc.oneof(
  fc.constant({ type: 'self' as const }),
  program.map((name) => ({ type: 'container' as const, program: name })),
  fc.constant({ type: 'outside' as const }),
);

const signal = fc
  .record({
    ...common,
    direction: fc.constantFrom('send' as const, 'receive' as const),
    signal: fc.integer({ min: 1, max: 64 }),
    other,
  })
  .map((rest): Observation => ({ type: 'signal', ...rest }));

const mount = fc
  .record({ ...common, target: fc.constantFrom('/mnt', '/tmp/a b') })
  .map((rest): Observation => ({ type: 'mount', ...rest, source: 'tmpfs', fstype: 'tmpfs', flags: ['nosuid'] }));

export const observation = fc.oneof(
  { weight: 5, arbitrary: syscall },
  file,
  flow,
  execution,
  capability,
  socket,
  signal,
  mount,
);

/** What injection into either mesh leaves on a pod. */
const inMeshes = { 'security.istio.io/tlsMode': 'istio', 'linkerd.io/control-plane-ns': 'linkerd' };

/** The cluster that random recordings come from. */
export const shop: Cluster = clusterForm.parse({
  namespaces: { shop: { team: 'a' }, 'kube-system': {} },
  nodes: [
    { name: 'node-1', ips: ['172.18.0.2'] },
    { name: 'node-2', ips: ['172.18.0.3'] },
  ],
  workloads: ['shop', 'checkout', 'cache', 'twin'].map((name) => ({
    namespace: 'shop',
    kind: 'Deployment',
    name,
    selector: { app: name },
  })),
  pods: [
    ...['shop', 'checkout', 'cache', 'twin'].flatMap((name, at) =>
      [1, 2].map((copy) => ({
        namespace: 'shop',
        name: `${name}-${copy}`,
        labels: { app: name, 'pod-template-hash': `abc${at}`, ...inMeshes },
        serviceAccount: name,
        ip: `10.244.${copy}.${at + 10}`,
        node: `node-${copy}`,
        ports: [{ name: 'http', containerPort: 8080 }],
        owner: { kind: 'Deployment', name },
      })),
    ),
    {
      namespace: 'kube-system',
      name: 'coredns-1',
      labels: { 'k8s-app': 'kube-dns' },
      ip: '10.244.1.53',
      node: 'node-1',
      ports: [{ name: 'dns', containerPort: 53, protocol: 'UDP' }],
      owner: { kind: 'Deployment', name: 'coredns' },
    },
  ],
  podCIDRs: ['10.244.0.0/16'],
  apiServerIPs: ['172.18.0.2'],
});

/** One program, recorded without loss in several runs: at least one system call, one TCP flow out and one in. */
export const completeRecording = fc
  .record({ own: syscall, connection: flow, call: flow, more: fc.array(observation, { maxLength: 60 }) })
  .map(({ own, connection, call, more }): Recording => {
    const first = own.type === 'syscall' ? { ...own, phase: 'program' as const } : own;
    const second: Observation =
      connection.type === 'flow'
        ? {
            ...connection,
            ...{ outcome: 'established', direction: 'egress', phase: 'program', protocol: 'tcp' },
            peer: { type: 'address', ip: '192.0.2.1' },
          }
        : connection;
    const third: Observation =
      call.type === 'flow'
        ? {
            ...call,
            ...{ outcome: 'established', direction: 'ingress', phase: 'program', protocol: 'tcp' },
            peer: { type: 'workload', workload: { namespace: 'shop', kind: 'Deployment', name: 'checkout' } },
          }
        : call;
    const coverage = instances.flatMap((container) =>
      (['syscalls', 'programs', 'files', 'capabilities', 'network', 'operations'] as const).map(
        (sensor): Coverage => ({
          type: 'coverage',
          container,
          sensor,
          state: 'ran',
          hook: 'tp_btf',
          from: 1,
          to: 2,
          lost: 0,
          gaps: [],
        }),
      ),
    );
    return {
      header: {
        type: 'recording',
        version: recordingVersion,
        by: 'test',
        started: 1,
        node: { arch: 'x86_64', kernel: '6.18', cgroups: 'v2' },
      },
      containers: instances.map((id) => ({
        type: 'container',
        id,
        workload: 'shop',
        name: 'shop',
        started: 1,
        fromStart: true,
        pod: podOf(id),
      })),
      observations: [first, second, third, ...more],
      coverage,
      end: { type: 'end', ended: 2, lines: 1 },
    };
  });

/** `run-3` is another start of the first pod's container. */
function podOf(id: (typeof instances)[number]): Pod {
  const copy = id === 'run-2' ? 2 : 1;
  return {
    cluster: 'test',
    namespace: 'shop',
    kind: 'Deployment',
    name: `shop-${copy}`,
    uid: `uid-${copy}`,
    node: `node-${copy}`,
    labels: { app: 'shop', 'pod-template-hash': 'abc0', ...inMeshes },
    serviceAccount: 'shop',
    hostNetwork: false,
  };
}
