/**
 * Captures of what a kernel did, as Falco's engine of 2022 takes them: Debian's source of its kernel module, built for the
 * lab's guest, and Debian's sysdig.
 */
import { execFile, execFileSync, type ExecFileSyncOptions } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { withoutGuest } from './guest.ts';
import { lab } from './lab.ts';
import { withoutSysdig } from './sysdig.ts';

const run = promisify(execFile);
const caches = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
const source = 'falcosecurity-scap-dkms';

/** Why nothing can be captured here; builds the module when it is not there yet. */
export function withoutCapture(): string | false {
  const missing = withoutSysdig() || withoutGuest('apparmor');
  if (missing !== false) return missing;
  const release = guestRelease();
  if (!existsSync(`/lib/modules/${release}/build`)) return `linux-headers-${release} is not installed`;
  try {
    builtModule();
    return false;
  } catch (error) {
    return `no kernel module for captures: ${(error as Error).message}`;
  }
}

function guestRelease(): string {
  return readFileSync(join(caches, 'kguardian-lab/kernel/release'), 'utf8').trim();
}

/** Kept by the kernel's release and the package's version. */
function builtModule(): string {
  const release = guestRelease();
  const policy = execFileSync('apt-cache', ['policy', source], { encoding: 'utf8' });
  const [, version] = /Candidate: (\S+)/.exec(policy) ?? [];
  if (version === undefined || version === '(none)') throw new Error(`apt knows no package ${source}`);
  const kept = join(caches, 'kguardian-scap', `${release}_${version}.ko`);
  if (existsSync(kept)) return kept;
  const folder = mkdtempSync(join(tmpdir(), 'kguardian-scap-'));
  try {
    const quiet: ExecFileSyncOptions = { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] };
    execFileSync('apt-get', ['-qq', '-o', 'APT::Sandbox::User=root', 'download', `${source}=${version}`], quiet);
    execFileSync('sh', ['-c', `dpkg-deb -x ${source}_*.deb . && mv usr/src/scap-* build`], quiet);
    const make = ['-C', `/lib/modules/${release}/build`, `M=${folder}/build`, 'modules'];
    execFileSync('make', make, { ...quiet, timeout: 120_000 });
    mkdirSync(join(caches, 'kguardian-scap'), { recursive: true });
    // Others may build it at the same time.
    copyFileSync(`${folder}/build/scap.ko`, `${kept}.${process.pid}`);
    renameSync(`${kept}.${process.pid}`, kept);
    return kept;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Runs a script of this folder in the guest, which sees `folder` as /run/dir, with the module and sysdig put into it. What
 * the script left in $VM_OUT is in `${folder}/out` afterwards.
 */
export async function captured(script: string, folder: string, seconds: number): Promise<string> {
  mkdirSync(join(folder, 'lib'), { recursive: true });
  copyFileSync(builtModule(), join(folder, 'scap.ko'));
  const program = execFileSync('which', ['sysdig'], { encoding: 'utf8' }).trim();
  copyFileSync(program, join(folder, 'sysdig'));
  const linked = execFileSync('ldd', [program], { encoding: 'utf8' });
  for (const [path] of linked.matchAll(/(?<=\s)\/\S+/g)) copyFileSync(path, join(folder, 'lib', basename(path)));
  const out = join(folder, 'out');
  const file = fileURLToPath(new URL(script, import.meta.url));
  const options = ['-m', 'apparmor', '-t', String(seconds), '-d', folder, '-o', out, file];
  await run(`${lab}/vm-run`, options, { timeout: (seconds + 30) * 1000, maxBuffer: 1 << 24 });
  return out;
}
