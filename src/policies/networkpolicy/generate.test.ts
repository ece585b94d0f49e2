/** Which workloads get a policy, how options change it, and when the kind abstains. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterForm } from '#kubernetes/cluster-form.ts';
import { form, proved, recordingOf, type Seen, written } from './generate/shop.cases.ts';
import { fold } from '#baseline/fold.ts';
import { networkpolicy } from './index.ts';

const toDb: Seen = ['api-1', 'egress', 'db', 5432];
const withPods = (...pods: object[]) => clusterForm.parse({ ...form, pods: [...form.pods, ...pods] });
const reasonOf = (seen: readonly Seen[], given: Record<string, unknown> = {}, of = clusterForm.parse(form)): string => {
  const result = proved(seen, given, of);
  assert.equal(result.type, 'abstained', JSON.stringify(result));
  return result.type === 'abstained' ? result.reason : '';
};

test('both directions are isolated, also one without a rule', () => {
  assert.deepEqual(written([toDb]).objects['NetworkPolicy/api']?.spec, {
    podSelector: { matchLabels: { app: 'api' } },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [],
    egress: [
      {
        to: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'data' } },
            podSelector: { matchLabels: { app: 'db' } },
          },
        ],
        ports: [{ protocol: 'TCP', port: 5432 }],
      },
    ],
  });
  // On Cilium an empty list would isolate nothing.
  assert.deepEqual(written([toDb], { type: 'cilium' }).objects['CiliumNetworkPolicy/api']?.spec.ingress, [{}]);
});

test('one direction when asked for', () => {
  const { spec } = written([toDb], { direction: 'egress' }).objects['NetworkPolicy/api'] ?? assert.fail();
  assert.deepEqual([spec['policyTypes'], spec.ingress, spec.egress?.length], [['Egress'], undefined, 1]);
});

test('what one end saw is let in at the other end, where that one was watched', () => {
  const seen: Seen[] = [toDb, ['db-1', 'ingress', 'web', 5432]];
  const { objects, text } = written(seen);
  assert.equal(objects['NetworkPolicy/db']?.spec.ingress?.length, 2);
  assert.match(text, /Deployment shop\/api\n {2}# seen from the other end alone/);
  assert.equal(objects['NetworkPolicy/web'], undefined, 'web was not watched');
});

test('attempts, failures and the own node are no evidence', () => {
  const reason = reasonOf([
    ['api-1', 'egress', 'db', 5432, 'tcp', { outcome: 'attempted' }],
    ['api-1', 'egress', 'db', 5433, 'tcp', { outcome: 'failed' }],
    ['api-1', 'ingress', { type: 'node', node: 'n1', ip: '172.18.0.2' }, 9000],
  ]);
  assert.match(reason, /Deployment shop\/api: no policy, no connection of it was seen/);
});

test("another pod's node is a client like any other", () => {
  // n1 is the first pod's own node and not the second's.
  const fromN1: Seen = ['api-2', 'ingress', { type: 'node', node: 'n1', ip: '172.18.0.2' }, 9001];
  assert.equal(written([fromN1], { type: 'cilium' }).objects['CiliumNetworkPolicy/api']?.spec.ingress?.length, 1);
});

test('each rule has its evidence, and a reader sees what was dialled', () => {
  const { text } = written([
    ['api-1', 'egress', 'db', 5432, 'tcp', { service: { namespace: 'data', name: 'db', port: 80 } }],
  ]);
  assert.match(
    text,
    /# Deployment data\/db\n {2}# dialled as Service data\/db:80\n {2}# seen 1 time or more, first 2026-09-21T14:13:20Z, last 2026-09-21T14:15:00Z\n {2}- to:/,
  );
  assert.match(text, /^---\n# Deployment shop\/api: 1 pod, watched from 2026-09-21T14:13:20Z to /);
});

test('volatile labels never; a label is added where it tells two workloads apart', () => {
  const twin = {
    namespace: 'shop',
    name: 'twin-1',
    labels: { app: 'api', role: 'twin' },
    ip: '10.0.0.77',
    owner: { kind: 'Deployment', name: 'twin' },
  };
  const pods = form.pods.map((pod) =>
    pod.name.startsWith('api') ? { ...pod, labels: { ...pod.labels, role: 'main', 'helm.sh/chart': 'x-1' } } : pod,
  );
  const told = clusterForm.parse({ ...form, pods: [...pods, twin] });
  assert.deepEqual(written([toDb], {}, told).objects['NetworkPolicy/api']?.spec['podSelector'], {
    matchLabels: { app: 'api', role: 'main' },
  });
});

test('a workload that no label tells apart gets no policy; as a peer the rule says so', () => {
  const twin = {
    namespace: 'shop',
    name: 'twin-1',
    labels: { app: 'api' },
    ip: '10.0.0.77',
    owner: { kind: 'Deployment', name: 'twin' },
  };
  assert.match(reasonOf([toDb], {}, withPods(twin)), /no label tells its pods from those of Deployment twin/);
  const { notes, text } = written([['web-1', 'egress', 'api', 9000]], {}, withPods(twin));
  assert.ok(notes.some((note) => /no label tells it from Deployment twin, which may do the same/.test(note)));
  assert.match(text, /no label tells it from Deployment twin/);
});

test('who calls a workload that no rule can name gets no policy, since one would break it', () => {
  const bare = {
    namespace: 'data',
    name: 'bare-1',
    labels: { 'pod-template-hash': 'x' },
    ip: '10.0.0.79',
    owner: { kind: 'Custom', name: 'bare' },
  };
  const peer = { type: 'workload', workload: { namespace: 'data', kind: 'Custom', name: 'bare' } } as const;
  assert.match(
    reasonOf([['api-1', 'egress', peer, 80]], {}, withPods(bare)),
    /it calls Custom data\/bare, which no rule can name: no lasting label/,
  );
});

test('a Job is named by the labels that its generator did not put in', () => {
  const job = {
    namespace: 'shop',
    name: 'nightly-1',
    labels: { job: 'nightly', 'controller-uid': 'u', 'batch.kubernetes.io/job-name': 'nightly-1' },
    ip: '10.0.0.78',
    owner: { kind: 'CronJob', name: 'nightly' },
  };
  const of = clusterForm.parse({
    ...form,
    pods: [...form.pods, job],
    workloads: [
      ...form.workloads,
      { namespace: 'shop', kind: 'CronJob', name: 'nightly', selector: { job: 'nightly', 'controller-uid': 'u' } },
    ],
  });
  const { spec, metadata } =
    written([['nightly-1', 'egress', 'db', 5432]], {}, of).objects['NetworkPolicy/nightly-cronjob'] ?? assert.fail();
  assert.deepEqual([spec['podSelector'], metadata.namespace], [{ matchLabels: { job: 'nightly' } }, 'shop']);
});

test("pods with their node's network: no policy, or on Cilium one for the node that isolates nothing", () => {
  const host = {
    namespace: 'kube-system',
    name: 'proxy-1',
    labels: { app: 'proxy' },
    ip: '172.18.0.2',
    node: 'n1',
    hostNetwork: true,
    owner: { kind: 'DaemonSet', name: 'proxy' },
  };
  const seen: Seen[] = [['proxy-1', 'egress', { type: 'api-server', ip: '172.18.0.2' }, 6443]];
  assert.match(reasonOf(seen, {}, withPods(host)), /node's network/);
  const { spec } =
    written(seen, { type: 'cilium-clusterwide' }, withPods(host)).objects[
      'CiliumClusterwideNetworkPolicy/kube-system.proxy-daemonset'
    ] ?? assert.fail();
  assert.deepEqual(
    [spec['nodeSelector'], spec['enableDefaultDeny'], spec.ingress],
    [{ matchLabels: { 'kubernetes.io/hostname': 'n1', zone: 'z' } }, { ingress: false, egress: false }, undefined],
  );
});

test('clusterwide: questions to DNS once for the cluster, the rest by workload', () => {
  const { objects } = written(
    [toDb, ['api-1', 'egress', 'coredns', 53, 'udp'], ['web-1', 'egress', 'coredns', 53, 'udp']],
    { type: 'cilium-clusterwide' },
  );
  assert.equal(objects['CiliumClusterwideNetworkPolicy/cluster-dns']?.specs?.length, 2);
  const own = objects['CiliumClusterwideNetworkPolicy/shop.api']?.spec;
  assert.deepEqual(
    [own?.['endpointSelector'], own?.egress?.length],
    [{ matchLabels: { app: 'api', 'k8s:io.kubernetes.pod.namespace': 'shop' } }, 1],
  );
});

test('few and old observations are left out when asked for, and the notes say so', () => {
  const old: Seen = [
    'api-1',
    'egress',
    'web',
    8080,
    'tcp',
    { seen: { first: 1_780_000_000_000, last: 1_780_000_000_000, count: 9 } },
  ];
  const often: Seen = [
    'api-1',
    'egress',
    'db',
    5432,
    'tcp',
    { seen: { first: 1_790_000_000_000, last: 1_790_000_000_000, count: 9 } },
  ];
  const rare: Seen = [
    'api-1',
    'egress',
    'db',
    9999,
    'tcp',
    { seen: { first: 1_790_000_000_000, last: 1_790_000_000_000, count: 1 } },
  ];
  for (const [options, left] of [
    [{ since: '7d' }, 1],
    [{ since: '2026-07-01' }, 1],
    [{ minObservations: '5' }, 1],
    [{ since: '7d', minObservations: '5' }, 2],
  ] as const) {
    const { text, notes } = written([old, often, rare], options);
    assert.equal(/port: 8080/.test(text), !('since' in options), JSON.stringify(options));
    assert.equal(/port: 9999/.test(text), !('minObservations' in options), JSON.stringify(options));
    assert.ok(
      notes.some((note) => note.startsWith(`${left} edges are left out`)),
      notes.join('\n'),
    );
  }
});

test('the default deny isolates the namespaces of what was watched', () => {
  const { objects } = written([toDb], { denyDefault: true });
  assert.deepEqual(objects['NetworkPolicy/default-deny']?.spec, {
    podSelector: {},
    policyTypes: ['Ingress', 'Egress'],
  });
  const deny = { endpointSelector: {}, ingress: [{}], egress: [{}] };
  assert.deepEqual(
    written([toDb], { denyDefault: true, type: 'cilium' }).objects['CiliumNetworkPolicy/default-deny']?.spec,
    deny,
  );
  const global = written([toDb], { denyDefault: true, type: 'calico' }).objects['GlobalNetworkPolicy/default-deny']
    ?.spec;
  assert.deepEqual(global, { namespaceSelector: "projectcalico.org/name in {'shop'}", types: ['Ingress', 'Egress'] });
});

test('what is watched before it is enforced', () => {
  assert.deepEqual(Object.keys(written([toDb], { audit: true }).objects), ['StagedKubernetesNetworkPolicy/api']);
  assert.deepEqual(Object.keys(written([toDb], { audit: true, type: 'calico' }).objects), ['StagedNetworkPolicy/api']);
  const cilium = written([toDb], { audit: true, type: 'cilium' });
  assert.deepEqual(cilium.objects['CiliumNetworkPolicy/api']?.spec['enableDefaultDeny'], {
    ingress: false,
    egress: false,
  });
  assert.ok(cilium.notes.some((note) => note.includes('PolicyAuditMode')));
  assert.match(reasonOf([toDb], { audit: true, type: 'cluster-network-policy' }), /has no form/);
});

test('staged policies alone are judged as what they would do', () => {
  const { text } = written([toDb], { audit: true, type: 'calico' });
  const judge = networkpolicy.evaluator(text, {}, clusterForm.parse(form));
  const flow = { src: { pod: 'shop/api-1' }, dst: { pod: 'data/db-1' }, protocol: 'TCP' as const };
  assert.deepEqual(
    [5432, 22].map((port) => judge.answer({ ...flow, port }).verdict),
    ['allow', 'deny'],
  );
});

test('JSON is one object a line, the same as the YAML', () => {
  const yaml = written([toDb, ['web-1', 'egress', 'db', 5432]]);
  const json = written([toDb, ['web-1', 'egress', 'db', 5432]], { output: 'json' });
  assert.deepEqual(json.objects, yaml.objects);
  for (const line of json.text.trimEnd().split('\n'))
    assert.equal((JSON.parse(line) as { kind: string }).kind, 'NetworkPolicy');
});

test('it abstains without a cluster, and for what was lost', () => {
  const recording = recordingOf([toDb]);
  const generate = (of: typeof recording, given: Record<string, unknown> = {}) =>
    networkpolicy.generate(
      { baselines: fold([of]), cluster: clusterForm.parse(form) },
      networkpolicy.options.parse(given),
    );
  const alone = networkpolicy.generate(
    { baselines: fold([recording]), cluster: null },
    networkpolicy.options.parse({}),
  );
  assert.ok(alone.type === 'abstained' && /cluster is not known/.test(alone.reason));
  const lossy = { ...recording, coverage: recording.coverage.map((each) => ({ ...each, lost: 3 })) };
  const result = generate(lossy);
  assert.ok(result.type === 'abstained' && /3 flows were lost while recording/.test(result.reason));
  const forced = generate(lossy, { allowLoss: true });
  assert.ok(forced.type === 'artifacts' && forced.notes.some((note) => /3 flows were lost/.test(note)));
});

test('strings of workloads are quoted wherever they stand', () => {
  const hostile = 'x\n# y: {"a": [\u2028';
  const seen: Seen[] = [['api-1', 'egress', { type: 'address', ip: '192.0.2.1', names: [hostile] }, 443]];
  const { objects, text } = written(seen);
  assert.equal(objects['NetworkPolicy/api']?.spec.egress?.length, 1);
  assert.ok(text.split('\n').every((line) => !line.startsWith('# y')));
});
