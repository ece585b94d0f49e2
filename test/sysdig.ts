/** The filter engine in Debian's sysdig, of 2022: it compiles conditions, and says where one is wrong. */
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Why it is not here; false when it is. */
export function withoutSysdig(): string | false {
  try {
    execFileSync('sysdig', ['--version'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'no sysdig here (Debian package sysdig)';
  }
}

/** Null when the condition compiles, else the engine's words. There is nothing to read, which it says after compiling. */
export async function refusal(condition: string): Promise<string | null> {
  const found = known.get(condition) ?? said([condition], condition.slice(0, 200));
  known.set(condition, found);
  return found;
}

/** Some are asked again and again: a start of the engine takes 40 ms of an idle machine. */
const known = new Map<string, Promise<string | null>>();

/** The same for an output with its `%field`s. */
export async function refusedOutput(output: string): Promise<string | null> {
  return said(['-p', output], output.slice(0, 200));
}

async function said(args: readonly string[], about: string): Promise<string | null> {
  const failed = await run('sysdig', ['-r', '/dev/null', ...args], { timeout: 20_000 }).then(
    () => null,
    (error: { stdout?: string; stderr?: string }) => `${error.stdout ?? ''}${error.stderr ?? ''}`,
  );
  if (failed === null) throw new Error(`sysdig read a capture from /dev/null: ${about}`);
  return failed.includes('error reading from file') ? null : failed.trim();
}
