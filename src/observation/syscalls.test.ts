import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Architecture } from './observation.ts';
import { since } from './syscalls.gen.ts';
import { syscallName, syscallNames, syscallNumber } from './syscalls.ts';

const headers = '/usr/include/x86_64-linux-gnu/asm/unistd_64.h';
const noSeccomp = (() => {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import seccomp'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'python3-seccomp is not installed';
  }
})();

test('names and numbers lead to each other, on every architecture', () => {
  for (const arch of ['x86_64', 'x86', 'x32', 'aarch64'] as const) {
    const names = syscallNames(arch);
    assert.ok(names.length > 300, arch);
    for (const name of names) assert.equal(syscallName(arch, syscallNumber(arch, name) ?? -1), name);
  }
  assert.deepEqual(
    [syscallName('x86_64', 1000), syscallNumber('aarch64', 'open'), syscallNumber('x86', 'open')],
    [null, null, 5],
  );
});

test('the table agrees with the kernel headers of this machine', {
  skip: existsSync(headers) ? false : 'no kernel headers',
}, () => {
  const found = [...readFileSync(headers, 'utf8').matchAll(/__NR_(\w+) (\d+)/g)];
  assert.ok(found.length > 300);
  for (const [, name = '', nr] of found) assert.equal(syscallNumber('x86_64', name), Number(nr), name);
});

test('the table agrees with libseccomp on every name that it knows', { skip: noSeccomp }, () => {
  const script = `
import seccomp, sys
arch = {'x86_64': seccomp.Arch.X86_64, 'aarch64': seccomp.Arch.AARCH64}[sys.argv[1]]
for name in sys.stdin.read().split(): print(name, seccomp.resolve_syscall(arch, name))`;
  for (const arch of ['x86_64', 'aarch64'] satisfies Architecture[]) {
    const out = execFileSync('/usr/bin/python3', ['-c', script, arch], {
      input: syscallNames(arch).join(' '),
      encoding: 'utf8',
    });
    const rows = out
      .trimEnd()
      .split('\n')
      .map((row) => row.split(' '));
    assert.equal(rows.length, syscallNames(arch).length);
    for (const [name = '', nr] of rows) {
      if (Number(nr) === -1)
        assert.ok(name in since, `libseccomp does not know ${name}, and our table says nothing of its age`);
      else assert.equal(syscallNumber(arch, name), Number(nr), name);
    }
  }
});
