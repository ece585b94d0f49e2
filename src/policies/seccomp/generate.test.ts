import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Baseline, Claim, Fact } from '#baseline/baseline.ts';
import type { Architecture, Phase } from '#observation/observation.ts';
import { syscallNames, syscallNumber } from '#observation/syscalls.ts';
import { parse } from 'yaml';
import type { Generated } from '../kind.ts';
import { seccomp } from './index.ts';

const seen = { run: { first: 1, last: 1, count: 1 } };

function call(name: string, arch: Architecture = 'x86_64', phase: Phase = 'program'): Fact {
  return { claim: { type: 'syscall', phase, program: '/app', arch, nr: syscallNumber(arch, name) ?? -1, name }, seen };
}

function baseline(facts: readonly Fact[], more: Partial<Baseline> = {}): Baseline {
  return {
    place: null,
    workload: 'shop',
    container: 'shop',
    instances: [{ id: 'run', arch: 'x86_64', kernel: '6.18', started: 1, fromStart: true, complete: true }],
    coverage: [
      { instance: 'run', sensor: 'syscalls', state: 'ran', hook: 'tp_btf', from: 1, to: 2, lost: 0, gaps: [] },
    ],
    facts,
    ...more,
  };
}

interface Profile {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly { names: string[]; action: string; errnoRet?: number }[];
}

const generate = (of: Baseline, options: Record<string, unknown> = {}): Generated =>
  seccomp.generate({ baselines: [of], cluster: null }, seccomp.options.parse(options));
function written(
  of: Baseline,
  options: Record<string, unknown> = {},
): { path: string; text: string; profile: Profile; notes: readonly string[] } {
  const result = generate(of, options);
  assert.equal(result.type, 'artifacts', JSON.stringify(result));
  if (result.type !== 'artifacts') throw new Error('unreachable');
  const [{ path, text } = { path: '', text: '' }] = result.artifacts;
  return { path, text, profile: parse(text) as Profile, notes: result.notes };
}
const allowed = ({ syscalls }: Profile): string[] =>
  syscalls.find(({ action }) => action === 'SCMP_ACT_ALLOW')?.names ?? [];

test('the profile names what was called, sorted, for the observed architecture alone', () => {
  const { path, profile } = written(baseline([call('write'), call('read'), call('mount', 'x86_64', 'setup')]), {
    runtime: 'none',
  });
  assert.equal(path, 'shop-seccomp.json');
  assert.deepEqual(profile.architectures, ['SCMP_ARCH_X86_64']);
  assert.deepEqual(allowed(profile), [
    'execve',
    'exit',
    'exit_group',
    'read',
    'restart_syscall',
    'rt_sigreturn',
    'write',
  ]);
});

test('every other known call is refused with EPERM, or left to ENOSYS where libraries fall back on it', () => {
  const { profile } = written(baseline([call('read')]));
  const refused = profile.syscalls.find(({ action }) => action === 'SCMP_ACT_ERRNO');
  assert.deepEqual([profile.defaultAction, profile.defaultErrnoRet, refused?.errnoRet], ['SCMP_ACT_ERRNO', 38, 1]);
  const named = new Set([...allowed(profile), ...(refused?.names ?? [])]);
  const left = syscallNames('x86_64').filter((name) => !named.has(name));
  for (const name of ['clone3', 'openat2', 'statx']) assert.ok(left.includes(name), name);
  for (const name of ['mount', 'bpf', 'ptrace', 'unshare', 'keyctl']) assert.ok(refused?.names.includes(name), name);
});

test('what the runtime was seen to call under the filter is in, and so is what is known of it', () => {
  const of = baseline([call('read'), call('fsopen', 'x86_64', 'runtime')]);
  assert.ok(allowed(written(of, { runtime: 'crun' }).profile).includes('fsopen'));
  assert.ok(!allowed(written(of, { runtime: 'crun' }).profile).includes('fstatfs'));
  assert.ok(allowed(written(of).profile).includes('fstatfs'));
  assert.ok(!allowed(written(of, { nnp: 'true' }).profile).includes('capset'));
  assert.ok(allowed(written(of, { nnp: 'false' }).profile).includes('capset'));
});

test('compat calls bring their architecture, and two machines make one profile', () => {
  const { profile } = written(baseline([call('open', 'x86_64'), call('openat', 'aarch64'), call('socketcall', 'x86')]));
  assert.deepEqual(profile.architectures, ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X86_64']);
  const arm = written(baseline([call('open', 'x86_64'), call('openat', 'aarch64')]), { arch: ['aarch64'] });
  assert.deepEqual(arm.profile.architectures, ['SCMP_ARCH_AARCH64']);
  assert.ok(!allowed(arm.profile).includes('open'), 'aarch64 has no open');
  assert.ok(
    arm.notes.some((note) => note.includes('open')),
    arm.notes.join(),
  );
});

test('a call without a name blocks enforcement, stays visible, and does not block logging', () => {
  const nameless: Fact = {
    claim: { type: 'syscall', phase: 'program', program: null, arch: 'x86_64', nr: 1000, name: null },
    seen,
  };
  const result = generate(baseline([call('read'), nameless]));
  assert.ok(result.type === 'abstained' && result.reason.includes('x86_64 1000'));
  const logged = written(baseline([call('read'), nameless]), { logOnly: true });
  assert.equal(logged.profile.defaultAction, 'SCMP_ACT_LOG');
  assert.ok(logged.notes.some((note) => note.includes('x86_64 1000')));
});

test('the default action is chosen by the user, in both spellings', () => {
  for (const defaultAction of ['SCMP_ACT_KILL_PROCESS', 'KILL_PROCESS']) {
    const { profile } = written(baseline([call('read')]), { defaultAction });
    assert.equal(profile.defaultAction, 'SCMP_ACT_KILL_PROCESS');
    const soft = profile.syscalls.find(({ errnoRet }) => errnoRet === 38)?.names ?? [];
    assert.ok(soft.includes('clone3'), 'libraries may still try newer calls');
  }
  assert.throws(() => seccomp.options.parse({ defaultAction: 'DENY' }));
});

test('what must be known is in the notes: late start, refusals by others, io_uring, young calls', () => {
  const denied: Claim = {
    type: 'syscall-denied',
    phase: 'program',
    program: null,
    arch: 'x86_64',
    nr: 165,
    name: 'mount',
    outcome: { errno: 1 },
  };
  const { notes, profile } = written(
    baseline([call('read'), call('io_uring_setup'), call('mseal'), { claim: denied, seen }], {
      instances: [{ id: 'run', arch: 'x86_64', kernel: '6.18', started: 1, fromStart: false, complete: true }],
    }),
  );
  for (const word of ['began after', 'mount', 'io_uring_setup', 'mseal'])
    assert.ok(
      notes.some((note) => note.includes(word)),
      word,
    );
  assert.ok(!allowed(profile).includes('mount'));
});

test('a workload of any name gets a safe file and object name', () => {
  for (const workload of ['../../etc/passwd', 'a\nb: c', '', '.', '-x', 'Ünïcode', 'x'.repeat(400)]) {
    const of = baseline([call('read')], { workload, container: workload });
    assert.match(written(of).path, /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}-seccomp\.json$/, workload);
    const object = parse(written(of, { output: 'yaml' }).text) as { metadata: { name: string } };
    assert.match(object.metadata.name, /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, workload);
  }
});

test('a container of another name than its workload gets a file of its own', () => {
  assert.equal(written(baseline([call('read')], { container: 'sidecar' })).path, 'shop-sidecar-seccomp.json');
});
