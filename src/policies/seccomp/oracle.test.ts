/** The evaluator against libseccomp itself (../shared/lab/oracle-seccomp interprets the program that it compiles). */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { syscallName, syscallNames, syscallNumber } from '#observation/syscalls.ts';
import { evaluator, type Query } from './evaluate.ts';

const oracle = new URL('../../../../shared/lab/oracle-seccomp', import.meta.url).pathname;
const skip = !existsSync(oracle)
  ? 'no ../shared/lab/oracle-seccomp here'
  : !existsSync('/usr/lib/python3/dist-packages/seccomp.cpython-311-x86_64-linux-gnu.so')
    ? 'python3-seccomp is not installed'
    : false;

interface Answer {
  readonly allowed: boolean | null;
  readonly action: string;
  readonly errno?: string | number;
  readonly error?: string;
}

function asked(profile: object, queries: readonly Query[], runtime: 'none' | 'runc'): Answer[] {
  const folder = mkdtempSync(join(tmpdir(), 'kguardian-oracle-'));
  try {
    // JSON has no big integers: a value beyond 2^53 is written as its digits.
    const json = JSON.stringify(profile, (_, value: unknown) =>
      typeof value === 'bigint' ? `#${value}#` : value,
    ).replaceAll(/"#(\d+)#"/g, '$1');
    writeFileSync(`${folder}/profile.json`, json);
    const input = queries.map(({ arch, syscall, args = [] }) =>
      // By number: libseccomp resolves some names of 32-bit x86 to the call that multiplexes them.
      JSON.stringify({
        arch,
        nr: typeof syscall === 'number' ? syscall : (syscallNumber(arch, syscall) ?? 0),
        args: args.map(String),
      }),
    );
    writeFileSync(`${folder}/queries`, input.join('\n'));
    const out = execFileSync(oracle, ['--runtime', runtime, `${folder}/profile.json`, `${folder}/queries`], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ours = evaluator(json, runtime, 'x86_64');
    const answers = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Answer);
    for (const [i, query] of queries.entries()) {
      const theirs = answers[i];
      if (typeof query.syscall === 'string' && syscallNumber(query.arch, query.syscall) === null) continue;
      const verdict = ours.answer(query);
      if (theirs === undefined || theirs.error !== undefined || verdict.verdict === 'unknown') continue;
      compared += 1;
      const about = `${query.arch} ${query.syscall} (${query.args?.join(', ')}) of ${json}: ${verdict.rule}, theirs ${theirs.action} ${theirs.errno ?? ''}`;
      assert.equal(verdict.verdict, theirs.allowed === null ? 'unknown' : theirs.allowed ? 'allow' : 'deny', about);
      if (theirs.action === 'ERRNO') assert.match(verdict.rule, new RegExp(`\\b${theirs.errno}\\b`), about);
    }
    return answers;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
let compared = 0;

const known = syscallNames('x86_64').filter(
  (name) =>
    !['uretprobe', 'uprobe', 'statmount', 'listmount', 'mseal'].includes(name) &&
    !/^lsm_|xattrat$|_tree_attr$|^file_[gs]etattr$/.test(name),
);
const value = fc.oneof(
  fc.bigInt(0n, 8n),
  fc.constantFrom(0xffffffffn, 0x100000000n, 0x8000000000000000n, 0xffffffffffffffffn),
  fc.bigInt(0n, 2n ** 64n - 1n),
);
// Few names, so that rules meet.
const name = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('openat', 'socket', 'clone', 'personality', 'connect', 'semget') },
  { weight: 1, arbitrary: fc.constantFrom(...known) },
);
const arg = fc.record({
  index: fc.nat(5),
  op: fc.constantFrom('NE', 'LT', 'LE', 'EQ', 'GE', 'GT', 'MASKED_EQ').map((op) => `SCMP_CMP_${op}`),
  value,
  valueTwo: value,
});
const action = fc
  .constantFrom('ALLOW', 'LOG', 'ERRNO', 'KILL', 'KILL_PROCESS', 'TRAP')
  .map((each) => `SCMP_ACT_${each}`);
const rule = fc.record({
  names: fc.array(name, { minLength: 1, maxLength: 4 }),
  action,
  args: fc.array(arg, { maxLength: 2 }),
});
const profile = fc.record(
  {
    defaultAction: action,
    defaultErrnoRet: fc.constantFrom(1, 38, 999),
    architectures: fc.subarray(['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32']),
    syscalls: fc.array(rule, { maxLength: 6 }),
  },
  { requiredKeys: ['defaultAction', 'syscalls'] },
);
const queried = fc.record({
  arch: fc.constantFrom('x86_64' as const, 'x86' as const),
  syscall: fc.oneof(name, fc.nat(460)),
  args: fc.array(value, { minLength: 6, maxLength: 6 }),
});

test('random profiles are answered as libseccomp answers them', { skip }, () => {
  fc.assert(
    fc.property(
      profile,
      fc.array(queried, { minLength: 250, maxLength: 250 }),
      fc.constantFrom('none' as const, 'runc' as const),
      (each, queries, runtime) => {
        try {
          asked(each, queries, runtime);
        } catch (error) {
          // libseccomp refuses some combinations; then no container starts and there is nothing to answer.
          if ((error as { status?: number }).status !== 2) throw error;
        }
      },
    ),
    { numRuns: 40, endOnFailure: true },
  );
  assert.ok(compared > 3000, `only ${compared} answers could be compared`);
});

test('every number of a plain profile is answered as libseccomp answers it', { skip }, () => {
  const plain = {
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: ['SCMP_ARCH_X86_64'],
    syscalls: [{ names: ['read', 'write', 'openat', 'clone3'], action: 'SCMP_ACT_ALLOW' }],
  };
  const queries = Array.from({ length: 600 }, (_, nr): Query => ({ arch: 'x86_64', syscall: nr }));
  for (const runtime of ['none', 'runc'] as const) assert.equal(asked(plain, queries, runtime).length, 600);
  assert.equal(syscallName('x86_64', 0), 'read');
});
