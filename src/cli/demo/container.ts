/**
 * A container in runc under a seccomp profile. Its root file system is this machine's programs, read
 * only, with fresh temporary folders, so that nothing has to be downloaded.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface ContainerOptions {
  readonly argv: readonly string[];
  /** The OCI `linux.seccomp` object; null for none. */
  readonly seccomp: unknown;
  readonly noNewPrivileges: boolean;
  /** Folders of this machine that the container may write to, at the same path. */
  readonly writable: readonly string[];
}

export interface ContainerOutcome {
  readonly code: number | null;
  readonly stderr: string;
}

const run = promisify(execFile);
const readOnly = ['/usr', '/bin', '/sbin', '/lib', '/lib64', '/etc', '/var/lib/nginx'].filter((folder) =>
  existsSync(folder),
);
const capabilities = ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_SETGID', 'CAP_SETUID', 'CAP_NET_BIND_SERVICE', 'CAP_KILL'];

/** Runs to the end and tells how it went. */
export async function runContainer(options: ContainerOptions): Promise<ContainerOutcome> {
  const started = await startContainer(options);
  const code = await started.ended;
  await started.remove();
  return { code, stderr: started.stderr() };
}

export async function startContainer(options: ContainerOptions): Promise<{
  readonly ended: Promise<number | null>;
  stderr(): string;
  /** Ends it if it still runs, and removes everything that was made for it. */
  remove(): Promise<void>;
}> {
  const bundle = await mkdtemp(join(tmpdir(), 'kguardian-container-'));
  const id = bundle.slice(bundle.lastIndexOf('/') + 1);
  for (const folder of ['root', 'state']) await mkdir(`${bundle}/${folder}`);
  await writeFile(`${bundle}/config.json`, JSON.stringify(configuration(bundle, id, options)));
  const state = ['--root', `${bundle}/state`];
  const child: ChildProcess = spawn('runc', [...state, 'run', '--bundle', bundle, id], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr?.on('data', (text: Buffer) => {
    said += text.toString('utf8');
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      said += error.message;
      resolve(null);
    });
    child.once('close', (code) => resolve(code));
  });
  return {
    ended,
    stderr: () => said,
    async remove() {
      // Fails where it has ended already.
      await run('runc', [...state, 'kill', id, 'TERM']).catch(() => undefined);
      const patience = setTimeout(
        () => void run('runc', [...state, 'delete', '--force', id]).catch(() => undefined),
        5000,
      );
      await ended;
      clearTimeout(patience);
      await rm(bundle, { recursive: true, force: true });
    },
  };
}

function configuration(bundle: string, id: string, options: ContainerOptions): object {
  const mount = (destination: string, type: string, ...more: string[]) => ({
    destination,
    type,
    source: type,
    options: ['nosuid', ...more],
  });
  const bind = (folder: string, mode: 'ro' | 'rw') => ({
    destination: folder,
    type: 'bind',
    source: folder,
    options: ['rbind', mode, 'nosuid'],
  });
  return {
    ociVersion: '1.0.2',
    root: { path: `${bundle}/root`, readonly: false },
    hostname: 'demo',
    process: {
      terminal: false,
      cwd: '/',
      args: options.argv,
      env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'],
      user: { uid: 0, gid: 0 },
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      noNewPrivileges: options.noNewPrivileges,
    },
    mounts: [
      mount('/proc', 'proc', 'noexec'),
      mount('/dev', 'tmpfs', 'mode=755'),
      mount('/tmp', 'tmpfs', 'nodev', 'mode=1777'),
      mount('/run', 'tmpfs', 'nodev', 'mode=755'),
      mount('/var', 'tmpfs', 'nodev', 'mode=755'),
      ...readOnly.map((folder) => bind(folder, 'ro')),
      ...options.writable.map((folder) => bind(folder, 'rw')),
    ],
    linux: {
      cgroupsPath: `/${id}`,
      // The network is this machine's: the visitor comes over its loopback interface.
      namespaces: ['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type })),
      maskedPaths: ['/proc/kcore', '/proc/keys'],
      readonlyPaths: ['/proc/sys', '/proc/sysrq-trigger'],
      ...(options.seccomp === null ? {} : { seccomp: options.seccomp }),
    },
  };
}
