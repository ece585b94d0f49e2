/** A guest of the lab's VM that enforces AppArmor or SELinux (../shared/lab/vm-run), and shell for it. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { lab, withoutContainers } from './lab.ts';

/** Why there is no guest; makes its image and snapshot when they are not there yet. */
export function withoutGuest(mode: 'apparmor' | 'selinux'): string | false {
  const reason = withoutContainers();
  if (reason !== false) return reason;
  if (!existsSync('/usr/bin/qemu-system-x86_64')) return 'qemu-system-x86 is not installed';
  try {
    execFileSync(`${lab}/setup`, ['--only', mode], { stdio: ['ignore', 'ignore', 'inherit'] });
    return false;
  } catch (error) {
    return `../shared/lab/setup --only ${mode} failed: ${(error as Error).message}`;
  }
}

/** What the script printed. It runs as root, with the files in its working folder; 15 to 30 times slower than here. */
export async function runGuest(
  mode: 'apparmor',
  script: string,
  files: readonly string[],
  seconds: number,
): Promise<string> {
  const run = promisify(execFile)(`${lab}/vm-run`, ['-m', mode, '-t', String(seconds), '-', ...files], {
    maxBuffer: 1 << 26,
  });
  run.child.stdin?.end(script);
  return (await run).stdout;
}

/** As one word of a shell. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
