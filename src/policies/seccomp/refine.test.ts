/** Calls of a log become permissions, and nothing else changes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Denial } from '#observation/denial.ts';
import { syscallNumber } from '#observation/syscalls.ts';
import { UnreadableArtifact } from '../kind.ts';
import { evaluator } from './evaluate.ts';
import { refine } from './refine.ts';

const denied = (syscall: string | number, arch = 'c000003e', count = 1): Denial => ({
  framework: 'seccomp',
  enforced: false,
  at: 1,
  fields: {
    arch,
    syscall: String(typeof syscall === 'number' ? syscall : syscallNumber('x86_64', syscall)),
    exe: '/app',
  },
  permissions: [],
  count,
});
const profile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: 38,
  architectures: ['SCMP_ARCH_X86_64'],
  syscalls: [
    { names: ['read', 'write'], action: 'SCMP_ACT_ALLOW' },
    { names: ['mount', 'openat'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 },
    { names: ['personality'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 8, op: 'SCMP_CMP_EQ' }] },
  ],
};
const text = `${JSON.stringify(profile, null, 2)}\n`;

test('a call is moved to what is allowed; the rest of the text stays', () => {
  const { text: refined, additions } = refine(text, [denied('openat', 'c000003e', 3), denied('futex'), denied('read')]);
  assert.deepEqual(additions, [
    { permission: 'futex', count: 1 },
    { permission: 'openat', count: 3 },
  ]);
  assert.deepEqual(JSON.parse(refined), {
    ...profile,
    syscalls: [
      { names: ['futex', 'openat', 'read', 'write'], action: 'SCMP_ACT_ALLOW' },
      { names: ['mount'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 },
      profile.syscalls[2],
    ],
  });
  const judge = evaluator(refined);
  for (const syscall of ['openat', 'futex', 'read'])
    assert.equal(judge.answer({ arch: 'x86_64', syscall }).verdict, 'allow');
  for (const syscall of ['mount', 'bpf']) assert.equal(judge.answer({ arch: 'x86_64', syscall }).verdict, 'deny');
});

test('the same log again adds nothing and changes no byte', () => {
  const log = [denied('openat'), denied('futex')];
  const { text: once } = refine(text, log);
  const again = refine(once, log);
  assert.deepEqual([again.text, again.additions], [once, []]);
});

test('an object of the operator keeps its comments', () => {
  const object = `# mine\nkind: SeccompProfile\nspec:\n  defaultAction: SCMP_ACT_ERRNO\n  architectures: [SCMP_ARCH_X86_64]\n  syscalls:\n    # what it needs\n    - names: [read]\n      action: SCMP_ACT_ALLOW\n`;
  const { text: refined } = refine(object, [denied('futex')]);
  assert.match(refined, /^# mine\n[\s\S]*# what it needs\n {4}- names:\n? +(- futex\n +- read|\[ *futex, read *\])/m);
});

test('what becomes nothing says why', () => {
  const { left, text: same } = refine(text, [
    denied(9999),
    denied('futex', '40000003'),
    denied('futex', 'c0000015'),
    denied('read'),
    { ...denied('read'), framework: 'apparmor' },
  ]);
  assert.equal(same, text);
  assert.deepEqual(
    left.map(({ reason }) => reason),
    [
      'a call of the architecture c0000015, which is not known here',
      'apparmor: not about system calls',
      'call 9999 of x86_64 has no name that is known',
      'read: allowed already',
      'getegid32 of x86: the profile has no such architecture',
    ].toSorted(),
  );
});

test('a profile that no runtime takes is refused with its fault', () => {
  assert.throws(() => refine('{"defaultAction":"SCMP_ACT_WHAT"}', [denied('futex')]), UnreadableArtifact);
});
