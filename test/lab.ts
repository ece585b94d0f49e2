/** The lab beside the checkout (../shared/lab): real containers, and why they are not to be had. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { unifiedMount } from '#agent/cgroups.ts';
import { record } from '#agent/record.ts';
import { readRecording } from '#observation/reading.ts';
import type { Recording } from '#observation/recording.ts';
import { writeRecording } from '#observation/writing.ts';

const run = promisify(execFile);
export const lab = fileURLToPath(new URL('../../shared/lab', import.meta.url));

/** Why no real kernel can be tested here; false when it can. */
export const withoutRoot: string | false =
  process.platform !== 'linux'
    ? 'needs Linux'
    : process.getuid?.() !== 0
      ? 'needs root'
      : !existsSync('/sys/kernel/btf/vmlinux')
        ? 'this kernel has no BTF'
        : false;

/** Why there are no containers; builds the lab's root file system when it is not there yet. */
export function withoutContainers(): string | false {
  if (withoutRoot !== false) return withoutRoot;
  if (!existsSync(`${lab}/setup`)) return 'no ../shared/lab beside the checkout';
  try {
    execFileSync(`${lab}/setup`, ['--only', 'host,oracles'], { stdio: ['ignore', 'ignore', 'inherit'] });
    return false;
  } catch (error) {
    return `../shared/lab/setup failed: ${(error as Error).message}`;
  }
}

export interface LabContainer {
  readonly ip: string;
  readonly pid: number;
  remove(): Promise<void>;
}

/** Starts a container that goes on running. `flags` as `oci-run --help` has them. */
export async function startContainer(
  name: string,
  flags: readonly string[],
  argv: readonly string[],
): Promise<LabContainer> {
  const { stdout } = await run(`${lab}/oci-run`, ['-d', '--name', name, ...flags, '--', ...argv]);
  const { ip, pid } = JSON.parse(stdout) as { ip: string; pid: number };
  return { ip, pid, remove: async () => void (await run(`${lab}/oci-run`, ['rm', name])) };
}

/** Runs a container to its end. */
export async function runContainer(
  name: string,
  flags: readonly string[],
  argv: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  return run(`${lab}/oci-run`, ['--name', name, ...flags, '--', ...argv], { timeout: 60_000 }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code?: number; stdout?: string; stderr?: string }) => ({
      code: error.code ?? -1,
      stdout: error.stdout ?? '',
      stderr: error.stderr ?? '',
    }),
  );
}

/** Records the container of that name, from before it exists until it is removed by `during`. */
export async function recordContainer(name: string, workload: string, during: () => Promise<void>): Promise<Recording> {
  const folder = `${unifiedMount()}/kguardian-lab/${name}`;
  mkdirSync(folder, { recursive: true });
  const stop = new AbortController();
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const recorded = record({
    target: { type: 'cgroup', folder },
    name: workload,
    by: 'test',
    signal: stop.signal,
    onReady: () => resolve(),
  });
  // Before the container is there nothing can end the recording but a failure.
  await Promise.race([ready, recorded]);
  try {
    await during();
  } finally {
    stop.abort();
  }
  const { lines } = await recorded;
  if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
  return readRecording(writeRecording(lines));
}
