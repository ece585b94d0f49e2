/** What keeps this machine from recording or enforcing, in words; null when nothing does. */
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

async function missingProgram(name: string): Promise<string | null> {
  return run('sh', ['-c', 'command -v "$1"', 'sh', name]).then(
    () => null,
    () => `${name} is not installed`,
  );
}

function noRoot(): string | null {
  if (process.platform !== 'linux') return `${process.platform} has no eBPF, Linux has`;
  return process.getuid?.() === 0 ? null : 'root is needed';
}

export const whyNot = {
  async record(): Promise<string | null> {
    const simple = noRoot() ?? (await missingProgram('nginx'));
    if (simple !== null) return simple;
    if (
      !(await access('/sys/kernel/btf/vmlinux').then(
        () => true,
        () => false,
      ))
    )
      return 'this kernel has no BTF';
    const { probe } = await import('#agent/record.ts');
    return probe();
  },
  async enforce(): Promise<string | null> {
    return (
      noRoot() ?? (await missingProgram('runc')) ?? (await missingProgram('nginx')) ?? (await missingProgram('busybox'))
    );
  },
};
