/**
 * A node as the agent finds it: cgroups laid out as kubelet lays them out, a network namespace for each pod, and real
 * runc containers in them, sandbox first. Everything is removed by `close`.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { unifiedMount } from '#agent/cgroups.ts';

const run = promisify(execFile);
export type Driver = 'cgroupfs' | 'systemd';

export const withoutRunc: string | false = existsSync('/usr/sbin/runc') ? false : 'needs runc';

export class NodeLab {
  /** What the agent is given as kubelet's --cgroup-root. */
  readonly cgroupRoot: string;
  readonly folder = mkdtempSync(join(tmpdir(), 'kguardian-node-'));
  readonly #name = `kguardian-node-${process.pid}-${randomBytes(3).toString('hex')}`;
  readonly #pods: LabPod[] = [];

  constructor() {
    this.cgroupRoot = `${unifiedMount()}/${this.#name}`;
    mkdirSync(this.cgroupRoot);
    for (const name of ['rootfs/proc', 'rootfs/tmp', 'rootfs/dev', 'bundles', 'runtime'])
      mkdirSync(join(this.folder, name), { recursive: true });
    const source = fileURLToPath(new URL('pod-load.c', import.meta.url));
    execFileSync('gcc', ['-O1', '-static', '-o', join(this.folder, 'rootfs/load'), source]);
    copyFileSync(join(this.folder, 'rootfs/load'), join(this.folder, 'rootfs/pause'));
  }

  /** Kubelet makes the pod's cgroup, the runtime its network and its sandbox. */
  async pod(driver: Driver, uid: string = randomUUID()): Promise<LabPod> {
    const pod = new LabPod(this.folder, this.#name, driver, uid);
    this.#pods.push(pod);
    await pod.begin();
    return pod;
  }

  async close(): Promise<void> {
    for (const pod of this.#pods) await pod.end();
    for (const tree of readdirSync('/sys/fs/cgroup')) removeTree(`/sys/fs/cgroup/${tree}/${this.#name}`);
    removeTree(this.cgroupRoot);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface LabContainer {
  readonly id: string;
  /** It has left its marks. */
  readonly marked: Promise<void>;
  /** Its program's end, with the exit code; null when it was killed. */
  readonly ended: Promise<number | null>;
  /** Another process in it, as `kubectl exec` starts one. */
  exec(argv: readonly string[]): Promise<void>;
  kill(): Promise<void>;
}

export class LabPod {
  readonly uid: string;
  sandbox: LabContainer | null = null;
  readonly #folder: string;
  readonly #base: string;
  readonly #driver: Driver;
  readonly #network: string;
  readonly #live = new Map<string, ChildProcess>();

  constructor(folder: string, base: string, driver: Driver, uid: string) {
    this.#folder = folder;
    this.#base = base;
    this.#driver = driver;
    this.uid = uid;
    this.#network = `kgn-${uid.slice(0, 8)}`;
  }

  async begin(): Promise<void> {
    await run('ip', ['netns', 'add', this.#network]);
    await run('ip', ['-n', this.#network, 'link', 'set', 'lo', 'up']);
    await run('ip', ['-n', this.#network, 'addr', 'add', '203.0.113.1/32', 'dev', 'lo']);
    mkdirSync(`${unifiedMount()}${this.#cgroup('')}`, { recursive: true });
    this.sandbox = this.run(['/pause']);
    // As everywhere: no container before its sandbox.
    while (!existsSync(`${unifiedMount()}${this.#cgroup(this.sandbox.id)}`)) await sleep(5);
  }

  /** Runs a container to its end. */
  run(argv: readonly string[], id: string = randomBytes(32).toString('hex')): LabContainer {
    const bundle = join(this.#folder, 'bundles', id);
    mkdirSync(bundle);
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(this.#config(argv, id)));
    const runc = ['--root', join(this.#folder, 'runtime')];
    const child = spawn('runc', [...runc, 'run', '-b', bundle, id], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stderr?.on('data', (text: Buffer) => (said += text.toString()));
    const marked = new Promise<void>((resolve) => {
      child.stdout?.once('data', () => resolve());
      child.once('exit', () => resolve());
    });
    this.#live.set(id, child);
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => {
        this.#live.delete(id);
        rmSync(bundle, { recursive: true, force: true });
        if (said !== '' && code !== 137) reject(new Error(`runc: ${said}`));
        else resolve(code === 137 ? null : code);
      });
    });
    ended.catch(() => undefined);
    return {
      id,
      marked,
      ended,
      exec: async (more) => void (await run('runc', [...runc, 'exec', id, ...more])),
      async kill() {
        // It may end by itself meanwhile, or be too young to be known.
        for (let tries = 0; tries < 50; tries += 1) {
          if (child.exitCode !== null) return;
          const sent = await run('runc', [...runc, 'kill', id, 'KILL']).then(
            () => true,
            () => false,
          );
          if (sent) return void (await ended.catch(() => undefined));
          await sleep(20);
        }
      },
    };
  }

  async end(): Promise<void> {
    for (const id of [...this.#live.keys()]) {
      const child = this.#live.get(id);
      await run('runc', ['--root', join(this.#folder, 'runtime'), 'kill', id, 'KILL']).catch(() => undefined);
      if (child !== undefined && child.exitCode === null)
        await Promise.race([new Promise((resolve) => child.once('exit', resolve)), sleep(3000)]);
    }
    this.sandbox = null;
    await run('ip', ['netns', 'del', this.#network]).catch(() => undefined);
    removeTree(`${unifiedMount()}${this.#cgroup('')}`);
  }

  #cgroup(id: string): string {
    const slice = `kubepods-burstable-pod${this.uid.replaceAll('-', '_')}.slice`;
    const pod =
      this.#driver === 'cgroupfs'
        ? `/${this.#base}/kubepods/burstable/pod${this.uid}`
        : `/${this.#base}/kubepods.slice/kubepods-burstable.slice/${slice}`;
    if (id === '') return pod;
    return `${pod}/${this.#driver === 'cgroupfs' ? id : `cri-containerd-${id}.scope`}`;
  }

  #config(argv: readonly string[], id: string): object {
    const mount = (destination: string, type: string, ...options: string[]) => ({
      destination,
      type,
      source: type,
      options,
    });
    return {
      ociVersion: '1.0.2',
      root: { path: join(this.#folder, 'rootfs'), readonly: true },
      process: { terminal: false, cwd: '/', args: argv, user: { uid: 0, gid: 0 }, env: ['PATH=/'] },
      mounts: [
        mount('/proc', 'proc'),
        // Its own: runc makes devices and links there, and two containers that start at once would meet in the shared root.
        mount('/dev', 'tmpfs', 'nosuid', 'mode=755'),
        mount('/tmp', 'tmpfs', 'nosuid', 'mode=1777'),
      ],
      linux: {
        cgroupsPath: this.#cgroup(id),
        namespaces: [
          ...['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type })),
          { type: 'network', path: `/run/netns/${this.#network}` },
        ],
        resources: {},
      },
    };
  }
}

/** Empty cgroups, deepest first. */
function removeTree(folder: string): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeTree(`${folder}/${entry.name}`);
  try {
    rmdirSync(folder);
  } catch {
    // Its last process is still leaving; `close` comes by again.
  }
}
