/** Pods of a kind: network namespaces on one bridge, which itself lives in a namespace. Nothing leaves them. */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Cgroup, createCgroup } from '#agent/cgroups.ts';

const run = promisify(execFile);

/** Why there are no namespaces to be had; false when there are. */
export function withoutNamespaces(): string | false {
  for (const tool of ['/usr/sbin/ip', '/usr/sbin/nft', '/usr/sbin/nginx', '/usr/bin/redis-server'])
    if (!existsSync(tool) && !existsSync(tool.replace('/usr', ''))) return `no ${tool}`;
  return false;
}

export interface Namespace {
  readonly name: string;
  readonly ips: readonly [string, string];
  readonly cgroup: Cgroup;
  /** Starts a program inside, in the pod's cgroup; it is ended with the network. */
  start(argv: readonly [string, ...string[]]): ChildProcess;
  /** Runs a program inside, in the pod's cgroup, to its end. */
  run(argv: readonly [string, ...string[]], input?: string): Promise<string>;
  /** Loads a ruleset inside. */
  enforce(ruleset: string): Promise<void>;
}

export interface Network {
  readonly pods: Readonly<Record<string, Namespace>>;
  remove(): Promise<void>;
}

/** `10.77.0.N` and `fd77::N`, in the order of the names. */
export async function makeNetwork(names: readonly string[]): Promise<Network> {
  const own = `kg${process.pid}`;
  const made: string[] = [];
  const children: ChildProcess[] = [];
  const cgroups: Cgroup[] = [];
  const ip = async (...argv: string[]): Promise<void> => void (await run('ip', argv));
  async function addNamespace(name: string): Promise<void> {
    await ip('netns', 'add', name);
    made.push(name);
    await ip('-n', name, 'link', 'set', 'lo', 'up');
  }
  async function remove(): Promise<void> {
    for (const child of children) child.kill('SIGKILL');
    const running = children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    await Promise.all(running.map((child) => new Promise((resolve) => child.once('exit', resolve))));
    for (const cgroup of cgroups) await cgroup.remove();
    for (const name of made) await ip('netns', 'del', name);
  }
  try {
    const hub = `${own}-hub`;
    await addNamespace(hub);
    await ip('-n', hub, 'link', 'add', 'br0', 'type', 'bridge');
    await ip('-n', hub, 'link', 'set', 'br0', 'up');
    const pods: Record<string, Namespace> = {};
    for (const [at, name] of names.entries()) {
      const space = `${own}-${name}`;
      const ips = [`10.77.0.${at + 1}`, `fd77::${at + 1}`] as const;
      await addNamespace(space);
      await ip('-n', space, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', name, 'netns', hub);
      await ip('-n', hub, 'link', 'set', name, 'master', 'br0', 'up');
      await ip('-n', space, 'addr', 'add', `${ips[0]}/24`, 'dev', 'eth0');
      await ip('-n', space, 'addr', 'add', `${ips[1]}/64`, 'dev', 'eth0', 'nodad');
      await ip('-n', space, 'link', 'set', 'eth0', 'up');
      const cgroup = createCgroup(name);
      cgroups.push(cgroup);
      pods[name] = namespaceOf(space, ips, cgroup, children);
    }
    return { pods, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function namespaceOf(
  name: string,
  ips: readonly [string, string],
  cgroup: Cgroup,
  children: ChildProcess[],
): Namespace {
  const inside = (argv: readonly string[]): string[] => [
    '-c',
    `${cgroup.procs.map((file) => `echo $$ > ${file}; `).join('')}exec ip netns exec ${name} "$@"`,
    'sh',
    ...argv,
  ];
  return {
    name,
    ips,
    cgroup,
    start(argv) {
      const child = spawn('/bin/sh', inside(argv), { stdio: ['ignore', 'ignore', 'inherit'] });
      children.push(child);
      return child;
    },
    async run(argv, input = '') {
      const child = execFile('/bin/sh', inside(argv), { timeout: 60_000 });
      const out: string[] = [];
      child.stdout?.on('data', (text: string) => out.push(text));
      child.stdin?.end(input);
      const code = await new Promise((resolve) => child.once('close', resolve));
      if (code !== 0) throw new Error(`${argv.join(' ')} in ${name}: ${String(code)}`);
      return out.join('');
    },
    async enforce(ruleset) {
      execFileSync('ip', ['netns', 'exec', name, 'nft', '-f', '-'], {
        input: ruleset,
        stdio: ['pipe', 'ignore', 'inherit'],
      });
      await sleep(0);
    },
  };
}
