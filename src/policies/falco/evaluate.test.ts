/** Rules that were written by hand, asked about observations: what Falco's engine would tell of. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Observation } from '#observation/observation.ts';
import type { Container } from '#observation/recording.ts';
import { UnreadableArtifact } from '../kind.ts';
import { call, exec, file, flow, listen, onHost, shop, socket, workloadPeer } from './facts.cases.ts';
import { falco } from './index.ts';

const rule = (condition: string, more = ''): string =>
  `- rule: R\n  desc: d\n  output: o\n  priority: WARNING\n  condition: ${JSON.stringify(condition)}\n${more}`;

function told(condition: string, observation: Observation, by: Container = shop, options = {}): string {
  const judge = falco.evaluator(rule(condition), options);
  return judge.governs(observation, by) ? judge.judge(observation, by).verdict : 'not governed';
}

const opened = 'evt.type in (open, openat, openat2, creat)';
const written = '(evt.type = creat or (evt.type in (open, openat, openat2) and evt.is_open_write = true))';
const cases: readonly (readonly [condition: string, observation: Observation, verdict: string])[] = [
  ['evt.type in (execve, execveat) and proc.exepath = /bin/sh', exec('/bin/sh'), 'deny'],
  ['evt.type in (execve, execveat) and proc.exepath != /bin/sh', exec('/bin/sh'), 'allow'],
  // Which of the two calls it was is not recorded.
  ['evt.type = execve and proc.exepath = /bin/sh', exec('/bin/sh'), 'unknown'],
  ['evt.type = execve and proc.exepath = /bin/ls', exec('/bin/sh'), 'allow'],
  ['evt.type in (execve, execveat) and proc.name = a-name-of-more-', exec('/x/a-name-of-more-than-15'), 'deny'],
  [
    'evt.type in (execve, execveat) and proc.cmdline = "sh -c id"',
    exec('/bin/sh', { argv: ['sh', '-c', 'id'] }),
    'deny',
  ],
  ['evt.type in (execve, execveat) and proc.cmdline contains id', exec('/bin/sh', { argvCut: true }), 'unknown'],
  ['evt.type in (execve, execveat) and user.uid = 0', exec('/bin/sh'), 'allow'],
  ['evt.type in (execve, execveat) and user.uid >= 1000', exec('/bin/sh'), 'deny'],
  ['evt.type in (execve, execveat) and proc.pname = x', exec('/bin/sh'), 'unknown'],
  // A field that the event does not have: nothing holds of it, and its opposite does.
  ['evt.type in (execve, execveat) and fd.name != /x', exec('/bin/sh'), 'allow'],
  ['evt.type in (execve, execveat) and not fd.name = /x', exec('/bin/sh'), 'deny'],
  [`${written} and fd.name startswith /etc/`, file('/etc/x', 'write'), 'deny'],
  // Which of the calls it was is not recorded, and creat has no flags.
  [`${opened} and evt.is_open_write = true`, file('/etc/x', 'write'), 'unknown'],
  [`${opened} and evt.is_open_write = true`, file('/etc/x', 'read'), 'allow'],
  [`${opened} and fd.directory = /etc and fd.filename = x`, file('/etc/x', 'append'), 'deny'],
  [`${opened} and fd.name glob "/etc/*"`, file('/etc/a/b', 'write'), 'deny'],
  [`${opened} and fd.name glob "/etc/?"`, file('/etc/ab', 'write'), 'allow'],
  [`${opened} and fd.name glob "/etc/[a-c]?"`, file('/etc/bz', 'write'), 'deny'],
  [`${opened} and fd.name glob "/etc/[!a-c]"`, file('/etc/b', 'write'), 'allow'],
  // In the C locale a question mark is one byte.
  [`${opened} and fd.name glob "/???"`, file('/aé', 'write'), 'deny'],
  // Engines do not show such a name alike: as it is, with dots, or without what is not ASCII.
  [`${opened} and fd.name = "/aé"`, file('/aé', 'write'), 'unknown'],
  [`${opened} and fd.name in ("/aé", /a..)`, file('/aé', 'write'), 'deny'],
  ['evt.type in (unlink, unlinkat) and fs.path.name glob "/a?"', file('/a\n', 'unlink'), 'unknown'],
  ['evt.type in (unlink, unlinkat) and fs.path.name glob "/a*"', file('/a\n', 'unlink'), 'deny'],
  [`${opened} and fd.name glob "/+(a)"`, file('/aa', 'write'), 'unknown'],
  [`${opened} and fd.name pmatch (/etc, /var/log)`, file('/etc/x/y', 'read'), 'deny'],
  [`${opened} and fd.name pmatch (/etc, /var/log)`, file('/etcx', 'read'), 'allow'],
  [`${opened} and fd.name in (/a, /b)`, file('/b', 'read'), 'deny'],
  [`${opened} and fd.name icontains ETC`, file('/etc/x', 'read'), 'deny'],
  [`${opened} and tolower(fd.name) = /etc/x`, file('/ETC/X', 'read'), 'deny'],
  [`${opened} and basename(fd.name) = x`, file('/etc/x', 'read'), 'deny'],
  [`${opened} and fd.name regex "/e.*"`, file('/etc/x', 'read'), 'unknown'],
  [`${opened} and fd.name = val(proc.exepath)`, file('/app', 'read'), 'deny'],
  // By which of its names a program opened it is not recorded.
  [`${opened} and fd.name = /var/run/x.pid`, file('/run/x.pid', 'write'), 'unknown'],
  [`${opened} and fd.name in (/run/x.pid, /var/run/x.pid)`, file('/run/x.pid', 'write'), 'deny'],
  [`${opened} and fd.typechar = f`, file('/tmp/d', 'list'), 'allow'],
  ['evt.type in (unlink, unlinkat) and fs.path.name = /x', file('/x', 'unlink'), 'deny'],
  ['evt.type in (rename, renameat, renameat2) and fs.path.target = /x', file('/x', 'rename-to'), 'deny'],
  ['evt.type in (rename, renameat, renameat2) and fs.path.source = /y', file('/x', 'rename-to'), 'unknown'],
  // The name of a connected socket begins with where both its ends lie in the kernel.
  ['evt.type = connect and fd.typechar = u and fd.name = /x', file('/x', 'write', { kind: 'socket' }), 'allow'],
  [
    'evt.type = connect and fd.typechar = u and fd.name endswith " /x"',
    file('/x', 'write', { kind: 'socket' }),
    'deny',
  ],
  // Some events are not called as their calls are.
  ['evt.type = pwrite', call('pwrite64'), 'deny'],
  ['evt.type = connect and evt.rawres >= 0', flow('192.0.2.1', 443), 'unknown'],
  ['evt.type = connect and (evt.rawres >= 0 or evt.res = EINPROGRESS)', flow('192.0.2.1', 443), 'deny'],
  ['evt.type = connect and fd.sip = 192.0.2.1 and fd.sport = 443', flow('192.0.2.1', 443), 'deny'],
  ['evt.type = connect and fd.snet in (192.0.2.0/24)', flow('192.0.2.1', 443), 'deny'],
  ['evt.type = connect and not fd.snet in (10.0.0.0/8)', flow('192.0.2.1', 443), 'deny'],
  ['evt.type = connect and fd.type = ipv6', flow('2001:db8::7', 443), 'deny'],
  ['evt.type = connect and fd.sip = 10.0.0.1', flow(workloadPeer, 443), 'unknown'],
  ['evt.type = connect and fd.sport = 444', flow(workloadPeer, 443), 'allow'],
  ['evt.type = connect', flow('192.0.2.1', 53, { protocol: 'udp' }), 'unknown'],
  ['evt.type in (connect, sendto, sendmsg, sendmmsg)', flow('192.0.2.1', 53, { protocol: 'udp' }), 'deny'],
  ['evt.type = connect', flow('192.0.2.1', 53, { protocol: 'sctp' }), 'not governed'],
  ['evt.type = accept4 and fd.sport = 80', flow('192.0.2.1', 80, { direction: 'ingress' }), 'unknown'],
  ['evt.type = listen and fd.sport = 80', listen(80), 'deny'],
  ['evt.type = bind and fd.l4proto = udp', listen(80, 'udp'), 'deny'],
  ['evt.type = ptrace', call('ptrace'), 'deny'],
  ['evt.type = ptrace', call('read'), 'not governed'],
  ['evt.type = socket and evt.arg.domain contains AF_PACKET', socket('packet', 'raw'), 'deny'],
  ['evt.type = socket and evt.arg.type in (3, 2051, 524291, 526339)', socket('inet', 'raw'), 'deny'],
  ['evt.type = socket and evt.arg.type = 3', socket('inet', 'raw'), 'unknown'],
  ['evt.type = open and evt.is_open_write = true', exec('/bin/sh'), 'not governed'],
  ['evt.type in (execve, execveat)', exec('/bin/sh', { phase: 'setup' }), 'not governed'],
];

test('each comparison, against what an observation shows of the event', () => {
  for (const [condition, observation, verdict] of cases)
    assert.equal(told(condition, observation), verdict, `${condition}: ${JSON.stringify(observation)}`);
});

test('the container: by its pod, its name, its image, its labels; without metadata of Kubernetes nothing of it is there', () => {
  const of = (condition: string, by = shop, metadata = 'present'): string =>
    told(`evt.type in (execve, execveat) and ${condition}`, exec('/x'), by, { metadata });
  const none = { ...shop, image: undefined } as unknown as Container; // as one without the key
  for (const [condition, verdict] of [
    ['k8s.ns.name = store', 'deny'],
    ['k8s.ns.name = other', 'not governed'],
    ['k8s.pod.name startswith shop-', 'deny'],
    ['k8s.pod.label[app] = shop', 'deny'],
    ['k8s.pod.label.app = shop', 'deny'],
    ['k8s.pod.label[no] exists', 'not governed'],
    ['container.name = app', 'deny'],
    ['container.image.repository = registry.example/store/shop', 'deny'],
    ['container.id != host', 'deny'],
    ['container.privileged = true', 'unknown'],
  ] as const)
    assert.equal(of(condition), verdict, condition);
  assert.equal(of('k8s.ns.name = store', shop, 'missing'), 'not governed');
  assert.equal(of('not k8s.ns.name exists and container.name = app', shop, 'missing'), 'deny');
  assert.equal(of('k8s.ns.name exists', onHost), 'not governed');
  assert.equal(of('container.image.repository = x', none), 'unknown');
  assert.equal(
    of('container.image.repository = docker.io/library/nginx', { ...shop, image: 'nginx:1@sha256:ab' }),
    'deny',
  );
});

test('the first rule that tells, tells; one that may leaves it open; exceptions are named', () => {
  const text = [
    rule(
      'evt.type in (execve, execveat)',
      '  exceptions:\n    - {name: known, fields: proc.exepath, values: [/a, /b]}\n',
    ),
    rule('evt.type in (execve, execveat) and proc.pname = init').replace('rule: R', 'rule: S'),
  ].join('');
  const judge = falco.evaluator(text);
  assert.deepEqual(judge.permissions, ['R: proc.exepath in /a', 'R: proc.exepath in /b']);
  assert.deepEqual(judge.judge(exec('/c'), shop), { verdict: 'deny', rule: 'R (WARNING)' });
  assert.equal(judge.judge(exec('/a'), shop).verdict, 'unknown');
  const alone = falco.evaluator(text.replace('proc.pname = init', 'proc.exepath = /z'));
  assert.deepEqual(alone.judge(exec('/a'), shop), {
    verdict: 'allow',
    rule: 'silent: R: proc.exepath in /a',
    permissions: ['R: proc.exepath in /a'],
  });
  const off = falco.evaluator(`${rule('evt.type in (execve, execveat)')}- rule: R\n  enabled: false\n`);
  assert.equal(off.governs(exec('/c'), shop), false);
});

test('questions: of an activity, or of an event by its fields; without a container, of one that the rules are about', () => {
  const judge = falco.evaluator(
    rule('evt.type in (open, openat) and k8s.ns.name = store and (fd.name = /etc/shadow or proc.name = cat)'),
  );
  const ask = (question: object): string => judge.answer(falco.query.parse(question)).verdict;
  assert.equal(ask({ op: 'event', type: 'openat', fields: { 'fd.name': '/etc/shadow' } }), 'deny');
  assert.equal(ask({ op: 'event', type: 'openat', fields: { 'fd.name': '/x', 'proc.name': 'cat' } }), 'deny');
  assert.equal(ask({ op: 'event', type: 'openat', fields: { 'fd.name': '/x' } }), 'unknown');
  assert.equal(ask({ op: 'event', type: 'openat', fields: { 'fd.name': '/x', 'proc.name': null } }), 'allow');
  assert.equal(ask({ op: 'event', type: 'close', fields: {} }), 'allow');
  const container = { namespace: 'other' };
  assert.equal(ask({ op: 'event', container, type: 'openat', fields: { 'fd.name': '/etc/shadow' } }), 'allow');
  assert.equal(falco.query.safeParse({ op: 'connect', ip: 'x', port: 1 }).success, false);
});

test('what no engine compiles is refused, with the rule', () => {
  for (const [condition, why] of [
    ['evt.type = nosuchcall', /no event is called "nosuchcall"/],
    ['evt.type = open and nosuch.field = 1', /no class of fields/],
    ['evt.type = open and fd.sport = http2', /is no number/],
    ['evt.type = open and fd.sport = 70000', /is no port/],
    ['evt.type = open and fd.sip = x', /no address/],
    ['evt.type = open and fd.sip contains 1.2.3.4', /not an operator of addresses/],
    ['evt.type = open and evt.is_open_read = yes', /neither true nor false/],
    [`evt.type = open and fd.name = /${'a'.repeat(255)}`, /longer than 255 bytes/],
  ] as const)
    assert.throws(
      () => falco.evaluator(rule(condition)),
      (error) => error instanceof UnreadableArtifact && error.where === 'rule "R"' && why.test(error.message),
      condition,
    );
});

test('an event may say of which container it is: by fields of its own, as an alert has them', () => {
  const judge = falco.evaluator(rule('evt.type = mount and k8s.ns.name = shop and k8s.pod.label[app] = web'));
  const ask = (fields: Record<string, string | null>): string =>
    judge.answer({ op: 'event', type: 'mount', fields }).verdict;
  assert.equal(ask({ 'k8s.ns.name': 'shop', 'k8s.pod.label[app]': 'web' }), 'deny');
  assert.equal(ask({ 'k8s.ns.name': 'other', 'k8s.pod.label[app]': 'web' }), 'allow');
  assert.equal(ask({ 'k8s.ns.name': null }), 'allow');
  assert.equal(ask({ 'k8s.ns.name': 'shop' }), 'unknown');
  // Of one that nobody named every rule speaks.
  assert.equal(ask({}), 'deny');
});
