import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ObservationOf } from '#observation/observation.ts';
import { UnreadableArtifact } from '../kind.ts';
import { evaluator } from './evaluate.ts';
import { exec, file } from './facts.cases.ts';
import { compiles, withoutOracle } from './oracle.cases.ts';
import { query } from './query.ts';

const seen = { first: 1, last: 1, count: 1 };
const common = { container: 'run', phase: 'program', program: '/app', seen } as const;
const by = { type: 'container', id: 'run', workload: 'shop', name: 'shop', started: 1, fromStart: true } as const;

function profile(body: string, head = ''): string {
  return `abi <abi/3.0>,\ninclude <tunables/global>\n${head}\nprofile p flags=(attach_disconnected) {\n${body}\n}\n`;
}

function answer(body: string, asked: object): string {
  return evaluator(profile(body)).answer(query.parse(asked)).verdict;
}

/** What the official parser refuses, we refuse, with the place. */
const refused: readonly (readonly [body: string, says: RegExp])[] = [
  ['/a r', /comma/],
  ['/a x,', /x needs a mode/],
  ['deny /a ix,', /deny rule takes x/],
  ['/a wa,', /exclude/],
  ['/a ixpx,', /in one rule/],
  ['/a* ix,\n/a** px,', /meet and disagree/],
  ['capability fly,', /no capability/],
  ['network inet sctp,', /not known/],
  ['@{NONE}/a r,', /not declared/],
  ['/{a} r,', /single alternative/],
  ['/{a r,', /closing/],
  ['signal set=(fly),', /no signal/],
  ['ptrace (fly),', /no access/],
  ['set rlimit fly <= 1,', /no limit/],
  ['userns,', /no rule starts/],
  ['deny { /a r, }', /no block/],
  ['a/b r,', /no rule starts/],
  ['/a r, }', /expected|profile/],
];

for (const [body, says] of refused) {
  test(`${body.replaceAll('\n', ' ')} is refused, with the line`, () => {
    assert.throws(
      () => evaluator(profile(body)),
      (error) => {
        assert.ok(error instanceof UnreadableArtifact, String(error));
        assert.match(error.message, says);
        return true;
      },
    );
  });
  test(`${body.replaceAll('\n', ' ')} is refused by the official parser too`, { skip: withoutOracle }, () => {
    assert.ok(!compiles(profile(body)).ok);
  });
}

test('a deny goes before every allow, a literal name before patterns', () => {
  assert.equal(answer('/a/** rw,\ndeny /a/b w,', { op: 'file', path: '/a/b', perms: 'w' }), 'deny');
  assert.equal(answer('/a/** rw,\ndeny /a/b w,', { op: 'file', path: '/a/b', perms: 'r' }), 'allow');
  assert.match(
    evaluator(profile('/a/** px,\n/a/b ix,')).answer(query.parse({ op: 'exec', path: '/a/b' })).rule,
    /\/a\/b ix/,
  );
});

test('owner rules are for owners, and where nobody knows the answer is unknown', () => {
  const ours = evaluator(profile('owner /a r,'));
  const judged = (owner: boolean | null): string => ours.judge(file('/a', 'read', { owner }), by).verdict;
  assert.deepEqual([true, false, null].map(judged), ['allow', 'deny', 'unknown']);
});

test('an include that is not known leaves open what the profile itself does not allow', () => {
  assert.equal(answer('include <abstractions/base>\n/a r,', { op: 'file', path: '/a', perms: 'r' }), 'allow');
  assert.equal(answer('include <abstractions/base>\n/a r,', { op: 'file', path: '/b', perms: 'r' }), 'unknown');
  assert.equal(answer('include <local/mine>\n/a r,', { op: 'file', path: '/a', perms: 'r' }), 'unknown');
  assert.equal(answer('include if exists <local/mine>\ndeny /a r,', { op: 'file', path: '/a', perms: 'r' }), 'deny');
});

test('an exec into a profile that is not in the text is unknown, but for its fallback', () => {
  assert.equal(answer('/a px,', { op: 'exec', path: '/a' }), 'unknown');
  assert.equal(answer('/a pix,', { op: 'exec', path: '/a' }), 'allow');
  assert.equal(answer('/a cx,\nprofile /a { }', { op: 'exec', path: '/a' }), 'allow');
  assert.equal(answer('/a cx -> mine,\nprofile mine { }', { op: 'exec', path: '/a' }), 'allow');
});

test('a program is judged by the profile that it was started into', () => {
  const ours = evaluator(profile('/bin/sh cx,\n/a r,\nprofile /bin/sh { /b r, /bin/cat ix, }'));
  const judged = (path: string, program: string): string => ours.judge(file(path, 'read', { program }), by).verdict;
  assert.deepEqual(
    ['/app', '/bin/sh', '/bin/cat'].map((program) => judged('/a', program)),
    ['allow', 'deny', 'deny'],
  );
  assert.deepEqual(
    ['/app', '/bin/sh', '/bin/cat'].map((program) => judged('/b', program)),
    ['deny', 'allow', 'allow'],
  );
});

test('what the kernel does not ask is not governed', () => {
  const ours = evaluator(profile(''));
  const governed = (...all: Parameters<typeof ours.governs>[0][]): boolean[] =>
    all.map((each) => ours.governs(each, by));
  const refusedCapability: ObservationOf<'capability'> = {
    type: 'capability',
    ...common,
    name: 'CAP_CHOWN',
    granted: false,
    syscall: null,
    filtered: true,
  };
  assert.deepEqual(
    governed(exec('/app', null), refusedCapability, file('/a', 'read', { phase: 'runtime' }), file('/app', 'execute')),
    [false, false, false, false],
  );
  assert.deepEqual(governed(exec('/bin/sh'), file('/a', 'read'), file('/a', 'chmod')), [true, true, true]);
  assert.equal(ours.judge(file('/a', 'read', { resolution: 'literal' }), by).verdict, 'unknown');
});

test('mounts are compared whole: source, target, type and flags', () => {
  const body =
    'mount fstype=(tmpfs, ramfs) options=(ro, nosuid) none -> /mnt/*/,\nmount options in (bind, rec) /src -> /dst/,\numount /mnt/*/,';
  const mount = { op: 'mount', source: 'none', target: '/mnt/a/', fstype: 'tmpfs', flags: ['nosuid', 'rdonly'] };
  assert.equal(answer(body, mount), 'allow');
  for (const other of [
    { source: 'x' },
    { target: '/mnt/a/b/' },
    { fstype: 'proc' },
    { flags: ['nosuid'] },
    { flags: ['nosuid', 'rdonly', 'nodev'] },
  ])
    assert.equal(answer(body, { ...mount, ...other }), 'deny', JSON.stringify(other));
  assert.equal(answer(body, { op: 'mount', source: '/src', target: '/dst/', flags: ['bind'] }), 'allow');
  assert.equal(answer(body, { op: 'mount', source: '/src', target: '/dst/', flags: ['bind', 'noexec'] }), 'deny');
  assert.equal(answer(body, { op: 'umount', target: '/mnt/x/' }), 'allow');
  assert.equal(answer(body, { op: 'umount', target: '/' }), 'deny');
});

test('limits hold down, and without one nothing is refused', () => {
  const asked = (hard: number | null): object => ({ op: 'rlimit', resource: 'memlock', hard });
  assert.deepEqual(
    [64 * 1024, 64 * 1024 + 1, null].map((hard) => answer('set rlimit memlock <= 64K,', asked(hard))),
    ['allow', 'deny', 'deny'],
  );
  assert.equal(answer('', asked(null)), 'allow');
});

test('complain changes no answer, and says so; unconfined allows', () => {
  const complain = evaluator('abi <abi/3.0>,\nprofile p flags=(complain) { /a r, }\n');
  const asked = query.parse({ op: 'file', path: '/b', perms: 'r' });
  assert.deepEqual([complain.answer(asked).verdict, /only logged/.test(complain.answer(asked).rule)], ['deny', true]);
  assert.equal(evaluator('profile p flags=(unconfined) { }\n').answer(asked).verdict, 'allow');
});

test('variables of the file itself have several values, and += adds', () => {
  const ours = evaluator(profile('@{D}/x r,', '@{D}=/a /b\n@{D}+="/c d"'));
  const verdicts = ['/a/x', '/b/x', '/c d/x', '/d/x'].map(
    (path) => ours.answer(query.parse({ op: 'file', path, perms: 'r' })).verdict,
  );
  assert.deepEqual(verdicts, ['allow', 'allow', 'allow', 'deny']);
});
