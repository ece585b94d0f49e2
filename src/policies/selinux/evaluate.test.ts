import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Observation } from '#observation/observation.ts';
import type { Container } from '#observation/recording.ts';
import { UnreadableArtifact } from '../kind.ts';
import { selinux } from './index.ts';

const by: Container = { type: 'container', id: 'r', workload: 'shop', name: 'shop', started: 0, fromStart: true };
const common = {
  container: 'r',
  phase: 'program' as const,
  program: '/usr/bin/app',
  seen: { first: 1, last: 1, count: 1 },
};
const verdict = (text: string, query: object, options: object = {}): string =>
  selinux.evaluator(text, { ...options }).answer(selinux.query.parse(query)).verdict;
const read = { source: 'shop.process', target: 'etc_t', class: 'file', permission: 'read' };

test('what the text grants is allowed, another permission is refused, and the rule is named', () => {
  const evaluator = selinux.evaluator('(block shop (type process) (allow process etc_t (file (read open))))');
  assert.deepEqual(evaluator.answer(read), {
    verdict: 'allow',
    rule: '(allow process etc_t (file (read open)))',
    permissions: ['shop.process etc_t file read'],
  });
  assert.equal(evaluator.answer({ ...read, permission: 'write' }).verdict, 'deny');
  assert.equal(evaluator.answer({ ...read, permission: ['read', 'open'] }).verdict, 'allow');
  assert.equal(evaluator.answer({ ...read, permission: ['read', 'write'] }).verdict, 'deny');
});

test('what an inherited block of the node decides is unknown until the base is given', () => {
  const text = '(block shop (blockinherit container) (allow process etc_t (file (read))))';
  assert.equal(verdict(text, read), 'allow');
  assert.equal(verdict(text, { ...read, permission: 'write' }), 'unknown');
  const base =
    '(type etc_t) (block container (blockabstract container) (type process) (allow process etc_t (file (write))))';
  assert.equal(verdict(text, { ...read, permission: 'write' }, { base }), 'allow');
  assert.equal(verdict(text, { ...read, permission: 'append' }, { base }), 'deny');
});

test('a question may bring its policy and a base of any size along', () => {
  const answers = selinux.world?.answers();
  const ask = (base: string): string | undefined => {
    const line = {
      policy: '(block shop (blockinherit container) (allow process etc_t (file (read))))',
      base,
      ask: read,
    };
    return answers?.answer(selinux.world?.query.parse(line)).verdict;
  };
  assert.equal(ask(''), 'allow');
  assert.equal(ask('(block container (type process))'), 'allow');
  const denied = { policy: '(block shop (type process))', ask: read };
  assert.equal(answers?.answer(selinux.world?.query.parse(denied)).verdict, 'deny');
});

test('attributes of the node give what this kind has read of them; of others nothing is known', () => {
  const text = (attribute: string): string => `(block shop (type process) (typeattributeset ${attribute} (process)))`;
  assert.equal(verdict(text('domain'), { ...read, class: 'dir', permission: 'search' }), 'unknown');
  assert.equal(verdict(text('domain'), read), 'deny');
  assert.equal(verdict(text('corporate_domain'), read), 'unknown');
});

test('an optional block is uncertain while it names what only the node may have, and vanishes where it does not', () => {
  const text =
    '(block shop (type process) (optional maybe (allow process special_t (file (read))) (allow process etc_t (file (read)))))';
  assert.equal(verdict(text, read), 'unknown');
  const base = (type: string): string => `(class file (read)) (classorder (file)) (type etc_t) ${type}`;
  assert.equal(verdict(text, read, { base: base('(type special_t)') }), 'allow');
  assert.equal(verdict(text, read, { base: base('') }), 'deny');
});

test("booleans have the text's value, or the one that is given", () => {
  const text =
    '(block shop (type process) (boolean net false) (booleanif net (true (allow process etc_t (file (read))))))';
  assert.equal(verdict(text, read), 'deny');
  assert.equal(verdict(text, read, { boolean: ['shop.net=true'] }), 'allow');
  assert.equal(
    verdict('(block shop (type process) (booleanif theirs (true (allow process etc_t (file (read))))))', read),
    'unknown',
  );
});

test('numbers of ioctl are refused beside those that allowx names', () => {
  const text =
    '(block shop (type process) (allow process etc_t (file (ioctl))) (allowx process etc_t (ioctl file (0x5401 (range 0x10 0x20)))))';
  const ask = { ...read, permission: 'ioctl' };
  assert.equal(verdict(text, ask), 'unknown');
  assert.equal(verdict(text, { ...ask, ioctl: 0x5401 }), 'allow');
  assert.equal(verdict(text, { ...ask, ioctl: 0x15 }), 'allow');
  assert.equal(verdict(text, { ...ask, ioctl: 0x21 }), 'deny');
});

test('a module is read with its sets, and what a macro of the headers gives is unknown', () => {
  const text = `policy_module(shop, 1.0)
gen_require(\`
  type etc_t, bin_t, lib_t;
  class file { read open execute };
')
type shop_t; # a comment
type shop_exec_t;
allow shop_t { etc_t bin_t -lib_t }:file { read open };
allow shop_t self:process ~{ ptrace execmem };
`;
  const ask = { ...read, source: 'shop_t' };
  assert.equal(verdict(text, ask), 'allow');
  assert.equal(verdict(text, { ...ask, target: 'lib_t' }), 'deny');
  assert.equal(verdict(text, { ...ask, target: 'self', class: 'process', permission: 'fork' }), 'allow');
  assert.equal(verdict(text, { ...ask, target: 'self', class: 'process', permission: 'ptrace' }), 'deny');
  const macro = `${text}files_read_etc_files(shop_t)\n`;
  const told = selinux.evaluator(macro).answer({ ...ask, target: 'lib_t' });
  assert.equal(told.verdict, 'unknown');
  assert.match(told.rule, /macro files_read_etc_files/);
});

test('questions by path and by port use the labels of the text', () => {
  const text = `(block shop (type process) (type data) (allow process root_t (dir (search))) (allow process default_t (dir (search)))
    (allow process data (file (open read))) (allow process my_port_t (tcp_socket (name_bind)))
    (filecon "/opt/app(/.*)?" any (system_u object_r data ((s0) (s0)))) (filecon "/opt/app/key" file (system_u object_r secret_t ((s0) (s0))))
    (allow process data (dir (search))) (allow process usr_t (dir (search)))
    (portcon tcp (9000 9010) (system_u object_r my_port_t ((s0) (s0)))))`;
  assert.equal(verdict(text, { path: '/opt/app/x', access: 'read' }), 'allow');
  assert.equal(verdict(text, { path: '/opt/app/x', access: 'write' }), 'deny');
  assert.equal(verdict(text, { path: '/opt/app/key', access: 'read' }), 'deny');
  assert.equal(verdict(text, { port: 9005, operation: 'bind' }), 'allow');
  assert.equal(verdict(text, { port: 9011, operation: 'bind' }), 'deny');
});

test('a program that another starts in a domain of its own is judged by that domain', () => {
  const text = `(block shop (type process) (type helper) (type helper_exec)
    (typetransition process helper_exec process helper)
    (filecon "/opt/helper" file (system_u object_r helper_exec ((s0) (s0))))
    (allow process root_t (dir (search))) (allow helper root_t (dir (search))) (allow process usr_t (dir (search))) (allow helper etc_t (dir (search)))
    (allow process helper_exec (file (execute open read))) (allow process helper (process (transition))) (allow helper helper_exec (file (entrypoint)))
    (allow helper process (fd (use))) (allow helper process (process (sigchld))) (allow helper net_conf_t (file (open read))))`;
  const evaluator = selinux.evaluator(text);
  const exec: Observation = {
    type: 'exec',
    ...common,
    path: '/opt/helper',
    calledAs: 'helper',
    parent: null,
    argv: [],
    argvCut: false,
    uid: 0,
    gid: 0,
  };
  const file: Observation = {
    type: 'file',
    ...common,
    path: '/etc/hosts',
    access: 'read',
    resolution: 'exact',
    kind: 'file',
    owner: null,
  };
  assert.equal(evaluator.judge(exec, by).verdict, 'allow');
  assert.equal(evaluator.judge({ ...file, program: '/opt/helper' }, by).verdict, 'allow');
  assert.equal(evaluator.judge(file, by).verdict, 'deny');
  assert.equal(evaluator.governs({ ...file, phase: 'runtime' }, by), false);
});

test('a permissive domain refuses nothing, and says so', () => {
  assert.match(
    selinux.evaluator('(block shop (type process) (typepermissive process))').answer(read).rule,
    /logged, not refused/,
  );
});

const broken: readonly (readonly [text: string, why: RegExp])[] = [
  ['(block shop (type process)', /not closed/],
  ['(block shop (type process)))', /not opened/],
  ['(block shop (type process) (alow process etc_t (file (read))))', /no statement "alow"/],
  ['(block shop (type process) (type process))', /declared twice/],
  ['(block shop (type process) (allow process etc_t))', /a rule has/],
  [
    '(block shop (type process) (neverallow process etc_t (file (write))) (allow process etc_t (file (write))))',
    /may not have file write/,
  ],
  ['(typeattribute a) (typeattributeset a (a))', /holds itself/],
  ['module shop 1.0; allow shop_t', /ends within a statement/],
  ['module shop 1.0; frobnicate shop_t;', /no statement "frobnicate"/],
  ['(block shop (type t) (filecon "/x(" file (system_u object_r t ((s0) (s0)))))', /no regular expression/],
  [
    'apiVersion: security-profiles-operator.x-k8s.io/v1\nkind: SelinuxProfile\nmetadata: {name: x}\nspec: {allow: {etc_t: {file: ["read)"]}}}\n',
    /spec\.allow/i,
  ],
];
for (const [text, why] of broken)
  test(`refused as the compiler would: ${JSON.stringify(text).slice(0, 70)}`, () =>
    assert.throws(
      () => selinux.evaluator(text),
      (error) => error instanceof UnreadableArtifact && why.test(error.message),
    ));
