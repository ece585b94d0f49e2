/** Rules from what was seen: silent on it, an alert on what else happens; quoted, scoped, honest. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { fold } from '#baseline/fold.ts';
import type { Observation } from '#observation/observation.ts';
import type { Container } from '#observation/recording.ts';
import { generateProved } from '#proof/generate.ts';
import { proved, replay } from '#proof/replay.ts';
import * as facts from './facts.cases.ts';
import { falco } from './index.ts';

const { call, everything, exec, file, flow, listen, made, onHost, pod, recording, rulesOf, shop, workloadPeer } = facts;

/** Observations that the rules tell of, by the rule. */
function alerts(text: string, observations: readonly Observation[], by: Container = shop, options = {}): string[] {
  const judge = falco.evaluator(text, options);
  return observations.map((each) => {
    const { verdict, rule } = judge.governs(each, by) ? judge.judge(each, by) : { verdict: 'allow', rule: '' };
    return verdict === 'deny' ? rule.replace(/ in \S+ \(.*$/, '') : verdict;
  });
}

test('silent on all that was seen, with metadata of Kubernetes and without', () => {
  for (const by of [shop, onHost])
    for (const options of [{}, { exact: true }, { clusterNetwork: ['10.0.0.0/8'] }, { metadata: 'missing' }]) {
      const of = recording(everything, by);
      const judge = falco.evaluator(made(of, options).artifacts[0]?.text ?? '', options);
      const proof = replay(judge, [of]);
      assert.ok(proved(proof), JSON.stringify(proof.offences, null, 1));
      assert.ok(proof.allowed >= 25, `${proof.allowed}`);
    }
});

test('an alert beside it, one for each activity', () => {
  const beside: readonly (readonly [Observation, string])[] = [
    [exec('/usr/bin/shopx'), 'Unexpected program'],
    [exec('/usr/bin/shop', { uid: 7 }), 'Unexpected user'],
    [file('/run/shop.pidx', 'write'), 'Unexpected file written'],
    [file('/tmp/aB3dE', 'write'), 'Unexpected file written'],
    [file('/tmp/zZ9yY8', 'write'), 'allow'],
    [file('/etc/shadow', 'read'), 'Unexpected sensitive file read'],
    [file('/proc/1/mem', 'read'), 'Unexpected sensitive file read'],
    [file('/data/other', 'read'), 'allow'],
    [file('/data/other', 'unlink'), 'Unexpected path changed'],
    [file('/data/other', 'rename-to'), 'Unexpected path changed'],
    // A name that was made by a rename may not be made by a link.
    [file('/data/new', 'link-to'), 'Unexpected path changed'],
    [file('/run/containerd/containerd.sock', 'write', { kind: 'socket' }), 'Unexpected runtime socket reached'],
    [flow('192.0.2.1', 444), 'Unexpected outbound connection'],
    [flow('192.0.2.2', 443), 'Unexpected outbound connection'],
    [flow('192.0.2.1', 443, { protocol: 'udp' }), 'Unexpected outbound connection'],
    [flow(workloadPeer, 5433), 'Unexpected outbound connection'],
    [listen(8081), 'Unexpected listening port'],
    [listen(8080, 'udp'), 'Unexpected listening port'],
    [call('ptrace'), 'Unexpected privileged call'],
    [facts.socket('packet', 'raw'), 'Unexpected kind of socket'],
  ];
  const text = rulesOf(everything);
  for (const [observation, rule] of beside)
    assert.deepEqual(alerts(text, [observation]), [rule], JSON.stringify(observation));
});

test("the runtime's own work is silent, and what it does makes no exception for the program", () => {
  const runtime = { phase: 'runtime', program: null } as const;
  const its = [
    { ...call('setgroups'), ...runtime },
    { ...call('setns'), ...runtime },
  ] as Observation[];
  const mine = [call('setgroups'), call('setns')];
  const told = 'Unexpected privileged call';
  const text = rulesOf([exec('/usr/bin/shop'), call('setgroups'), ...its]);
  assert.deepEqual(alerts(text, its), ['allow', 'allow']);
  assert.deepEqual(alerts(text, mine), ['allow', told]);
  // A program that calls itself as runtimes do is told of when it starts, but for one that a runtime starts.
  assert.deepEqual(alerts(text, [exec('/tmp/runc'), exec('/usr/bin/runc', { parent: '/usr/bin/runc' })]), [
    ...['Unexpected program', 'allow'],
  ]);
  // Who has a runtime's work to do is watched as any other.
  const within = { program: '/usr/bin/runc' };
  const docker = rulesOf([exec('/usr/bin/runc', { parent: '/usr/bin/dockerd' }), { ...call('setns'), ...within }]);
  assert.deepEqual(alerts(docker, [{ ...call('mount'), ...within }]), [told]);
  // Without programs nobody is told apart: all of it is evidence.
  const without = made(recording(its, shop, ['syscalls']));
  assert.deepEqual(alerts(without.artifacts[0]?.text ?? '', [...its, ...mine, call('mount')]), [
    ...['allow', 'allow', 'allow', 'allow', told],
  ]);
  assert.match(without.notes.join('\n'), /what the container's runtime does at each start is told of/);
});

test('files that creat makes, sockets by the end of their name, datagrams from an own port, both names of netlink', () => {
  const judge = falco.evaluator(rulesOf(everything));
  const ask = (type: string, fields: Record<string, string | number | boolean | null>): string =>
    judge.answer({ op: 'event', type, fields: { 'proc.exepath': '/usr/bin/shop', ...fields } }).verdict;
  const plain = { 'evt.is_open_write': false, 'fd.typechar': 'f', 'fd.num': 3 };
  assert.equal(ask('creat', { ...plain, 'fd.name': '/etc/x' }), 'deny');
  assert.equal(ask('openat', { ...plain, 'fd.name': '/etc/x' }), 'allow');
  const unix = { 'fd.typechar': 'u', 'fd.type': 'unix', 'evt.rawres': 0 };
  assert.equal(ask('connect', { ...unix, 'fd.name': 'ffff1->ffff2 /run/crio/crio.sock' }), 'deny');
  assert.equal(ask('connect', { ...unix, 'fd.name': 'ffff1->ffff2 /run/docker.sock' }), 'allow');
  assert.equal(ask('connect', { ...unix, 'fd.name': '0->ffff2 @/run/crio/crio.sock' }), 'allow');
  const refused = { 'fd.type': 'ipv4', 'fd.typechar': '4', 'fd.sip': null, 'fd.sport': null, 'fd.l4proto': null };
  assert.equal(ask('connect', { ...refused, 'evt.rawres': -111, 'evt.res': 'ECONNREFUSED' }), 'allow');
  assert.equal(ask('connect', { ...refused, 'evt.rawres': -115, 'evt.res': 'EINPROGRESS' }), 'deny');
  const sent = {
    'fd.type': 'ipv4',
    'fd.typechar': '4',
    'fd.l4proto': 'udp',
    'fd.name_changed': true,
    'fd.sip': '0.0.0.0',
  };
  assert.equal(ask('sendto', { ...sent, 'fd.sport': 8125, 'fd.is_server': true }), 'allow');
  assert.equal(ask('sendto', { ...sent, 'fd.sport': 8125, 'fd.is_server': false }), 'deny');
  for (const name of ['AF_NETLINK', 'AF_ROUTE']) {
    const event = { 'evt.arg.domain': name, 'evt.arg.type': '3' };
    assert.equal(ask('socket', event), 'allow');
    assert.equal(
      falco.evaluator(rulesOf([exec('/usr/bin/shop')])).answer({
        op: 'event',
        type: 'socket',
        fields: { 'proc.exepath': '/usr/bin/shop', ...event },
      }).verdict,
      'deny',
    );
  }
});

test('where the cluster says where its addresses lie, others at the same port are told of', () => {
  const text = rulesOf(everything, { clusterNetwork: ['10.0.0.0/8', 'fd00::/8'] });
  const elsewhere = [flow('203.0.113.66', 5432), flow('10.9.8.7', 5432), flow('203.0.113.66', 443)];
  const told = 'Unexpected outbound connection';
  assert.deepEqual(alerts(text, elsewhere), [told, 'allow', told]);
  const wide = made(recording(everything));
  assert.deepEqual(alerts(wide.artifacts[0]?.text ?? '', elsewhere), ['allow', 'allow', told]);
  assert.match(wide.notes.join('\n'), /to 5432\/tcp, 15432\/tcp the rules let connections to any address pass/);
});

test('other containers are not spoken of: another name, namespace, workload, also one whose name begins the same', () => {
  const text = rulesOf(everything);
  const other = (more: Partial<typeof pod>, name = 'app'): Container => ({ ...shop, name, pod: { ...pod, ...more } });
  const strange = exec('/strange');
  assert.deepEqual(alerts(text, [strange], other({ name: 'shop-abc-12345' })), ['Unexpected program']);
  for (const by of [
    other({}, 'sidecar'),
    other({ namespace: 'else' }),
    other({ name: 'cart-5d4f8c7b9-x2x4z' }),
    other({ name: 'shop-worker-5d4f8c7b9-x2x4z' }),
  ])
    assert.deepEqual(alerts(text, [strange], by), ['allow'], JSON.stringify(by.pod));
  // Without metadata the image alone tells who it is.
  const missing = { metadata: 'missing' };
  assert.deepEqual(alerts(text, [strange], other({}, 'sidecar'), missing), ['Unexpected program']);
  assert.deepEqual(alerts(text, [strange], { ...shop, image: 'registry.example/store/cart' }, missing), ['allow']);
});

test('pods of each kind of workload are known by how their controller calls them', () => {
  for (const [kind, name, others] of [
    ['StatefulSet', 'shop-0', ['shop-worker-0', 'shop']],
    ['DaemonSet', 'shop-x2x4z', ['shop-5d4f8c7b9-x2x4z', 'shop-x2x4']],
    ['CronJob', 'shop-28000000-x2x4z', ['shop-x2x4z']],
    ['Pod', 'shop', ['shop-x2x4z', 'shopx']],
    ['Rollout', 'shop-5d4f8c7b9-x2x4z', ['cart-x']],
    ['Deployment', 'odd.name', ['shop-5d4f8c7b9-x2x4z']],
  ] as const) {
    const by = (pod_: string): Container => ({ ...shop, pod: { ...pod, kind, name: pod_ } });
    const text = made(recording([exec('/a')], by(name))).artifacts[0]?.text ?? '';
    assert.deepEqual(alerts(text, [exec('/b')], by(name)), ['Unexpected program'], kind);
    for (const other of others) assert.deepEqual(alerts(text, [exec('/b')], by(other)), ['allow'], `${kind} ${other}`);
  }
});

test('names of lists and macros are of one workload alone; shared ones are the same in all files', () => {
  const named = (by: Container): string[] => {
    const items = parse(made(recording(everything, by)).artifacts[0]?.text ?? '') as Record<string, string>[];
    return items.flatMap(({ list, macro, rule }) => list ?? macro ?? rule ?? []);
  };
  const of = (namespace: string, workload: string, name: string, kind = 'Deployment'): Set<string> =>
    new Set(named({ ...shop, workload, name, pod: { ...pod, namespace, kind } }));
  const inBoth = (one: Set<string>, other: Set<string>): Set<string> =>
    new Set([...one].filter((each) => other.has(each)));
  const shared = inBoth(of('a', 'b', 'c'), of('x', 'y', 'z'));
  assert.ok(
    [...shared].every((name) => /^kguardian_(?!in_|\w+_of_)/.test(name)) && shared.size >= 14,
    [...shared].join(),
  );
  for (const [one, other] of [
    [of('a-b', 'c', 'd'), of('a', 'b-c', 'd')],
    [of('a', 'b', 'c'), of('a', 'b', 'c', 'StatefulSet')],
    [of('a--b', 'c', 'd'), of('a', 'b', 'c-d')],
    [of('a', 'b.c', 'd'), of('a', 'b-c', 'd')],
  ] as const)
    assert.deepEqual(inBoth(one, other), shared);
});

test('the override form changes values alone: loaded after older rules, it makes them what new ones would be', () => {
  const older = recording(everything.slice(0, 9));
  const newer = made(recording(everything), { form: 'override' });
  const [custom, override] = newer.artifacts;
  assert.ok(custom && override && override.judged === false && override.path.endsWith('-falco-override.yaml'));
  const edited = (made(older).artifacts[0]?.text ?? '').replaceAll('priority: WARNING', 'priority: DEBUG');
  const together = falco.evaluator(`${edited}\n---\n${override.text}`);
  const alone = falco.evaluator(custom.text);
  for (const each of [...everything, exec('/strange'), listen(1), file('/x', 'write')]) {
    const [a, b] = [together.judge(each, shop), alone.judge(each, shop)];
    assert.equal(a.verdict, b.verdict, JSON.stringify(each));
  }
  // What somebody changed in the rules stays.
  assert.match(together.judge(exec('/strange'), shop).rule, /\(DEBUG\)/);
  assert.deepEqual(together.permissions, alone.permissions);
});

test('without a sensor there is no rule about what it sees, and a note', () => {
  const { artifacts, notes } = made(recording([flow('192.0.2.1', 443)], shop, ['network']));
  const text = artifacts[0]?.text ?? '';
  assert.deepEqual(alerts(text, [flow('192.0.2.1', 443), flow('192.0.2.1', 80), exec('/x')]), [
    ...['allow', 'Unexpected outbound connection', 'allow'],
  ]);
  assert.match(notes.join('\n'), /programs were not recorded: there is no rule about programs and users/);
});

test('it abstains with a reason: nothing recorded, lost facts, a cut recording', () => {
  const lossy = recording(everything);
  const lost = { ...lossy, coverage: lossy.coverage.map((each) => ({ ...each, lost: 3 })) };
  for (const [of, why] of [
    [recording([]), /nothing that the program did was recorded/],
    [recording(everything, shop, []), /no sensor/],
    [recording([exec('/a', { phase: 'setup' })]), /nothing that the program did/],
    [lost, /3 programs were lost while recording/],
    [{ ...lossy, end: null }, /cut before their end/],
  ] as const) {
    const [baseline] = fold([of]);
    assert.ok(baseline);
    const result = falco.generate({ baselines: [baseline], cluster: null }, falco.options.parse({}));
    assert.ok(result.type === 'abstained' && why.test(result.reason), JSON.stringify(result));
  }
  assert.match(made(lost, { allowLoss: true }).notes.join('\n'), /3 programs were lost/);
});

test('sessions are no evidence: what people start is told of, and what the kubelet probes with is not; which is not recorded', () => {
  const of = recording([exec('/usr/bin/shop'), exec('/bin/bash', { phase: 'session' })]);
  const baselines = fold([of]);
  const result = generateProved(falco, { baselines, cluster: null }, falco.options.parse({}), [of]);
  assert.equal(result.type, 'proved');
  const text = made(recording([exec('/usr/bin/shop')])).artifacts[0]?.text ?? '';
  assert.deepEqual(alerts(text, [exec('/bin/bash', { phase: 'session' })]), ['unknown']);
  const judge = falco.evaluator(text);
  const ask = (probe: boolean): string =>
    judge.answer({
      op: 'event',
      type: 'execve',
      fields: { 'proc.exepath': '/bin/bash', 'user.uid': 0, 'proc.is_container_liveness_probe': probe },
    }).verdict;
  assert.deepEqual([ask(true), ask(false)], ['allow', 'deny']);
});

test('many files of one folder become a pattern, never in a sensitive place; the notes say what is wider', () => {
  const many = (folder: string): Observation[] =>
    Array.from({ length: 60 }, (_, at) => file(`${folder}/f${at}`, 'write'));
  const { artifacts, notes } = made(recording([...many('/data/cache'), ...many('/etc/app/conf')]));
  const text = artifacts[0]?.text ?? '';
  assert.deepEqual(alerts(text, [file('/data/cache/new', 'write'), file('/etc/app/conf/new', 'write')]), [
    ...['allow', 'Unexpected file written'],
  ]);
  assert.match(notes.join('\n'), /"\/data\/cache\/\*" stands for 60 names/);
  assert.doesNotMatch(notes.join('\n'), /\/etc\/app/);
});
