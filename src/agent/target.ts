/** What is recorded: a command that we start, a process tree, or a cgroup. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { counterparts, createCgroup, unifiedMount, type UsageFolders } from './cgroups.ts';
import type { Scope } from './scope.ts';

export type Target =
  | {
      readonly type: 'command';
      readonly argv: readonly [string, ...string[]];
      readonly stdout: 'inherit' | 'ignore' | 2;
    }
  | { readonly type: 'pid'; readonly pid: number }
  | { readonly type: 'cgroup'; readonly folder: string };

export type Exit = { readonly code: number } | { readonly signal: string };

/** A target that can be watched now. */
export interface OpenTarget {
  readonly by: 'cgroup' | 'process';
  /** Where network programs attach. */
  readonly cgroupFolder: string;
  /** Where its CPU and memory stand; null for a process, whose cgroup may hold others. */
  readonly usage: UsageFolders | null;
  /** Whether it runs already, so that its beginning was missed. */
  readonly running: boolean;
  watch(scope: Scope, subject: number): void;
  /** Starts the command; nothing for what runs already. */
  start(): void;
  ended(): boolean;
  /** How the command ended; null for what we did not start. */
  exit(): Exit | null;
  /** Ends what we started, and only that; removes what we made. */
  close(): Promise<void>;
}

export function openTarget(target: Target, name: string): OpenTarget {
  if (target.type === 'command') return openCommand(target.argv, target.stdout, name);
  return target.type === 'pid' ? openProcess(target.pid) : openCgroup(target.folder);
}

const graceMs = 10_000;

/** Writes its own pid into the cgroup files, then becomes the command: all that the command does is inside. */
const launcher =
  'n=$1; shift; while [ "$n" -gt 0 ]; do echo $$ >"$1" || exit 125; shift; n=$((n - 1)); done; exec "$@"';

function openCommand(argv: readonly string[], stdout: 'inherit' | 'ignore' | 2, name: string): OpenTarget {
  const cgroup = createCgroup(name);
  let child: ChildProcess | null = null;
  let exit: Exit | null = null;
  const members = (): number[] => numbers(`${cgroup.folder}/cgroup.procs`);
  return {
    by: 'cgroup',
    cgroupFolder: cgroup.folder,
    usage: cgroup.usage,
    running: false,
    watch: (scope, subject) => scope.watch(cgroup.id, subject),
    start() {
      const joins = cgroup.procs;
      child = spawn('/bin/sh', ['-c', launcher, 'kguardian', String(joins.length), ...joins, ...argv], {
        stdio: ['inherit', stdout, 'inherit'],
      });
      child.once('error', () => {
        exit = { code: 127 };
      });
      child.once('exit', (code, signal) => {
        exit = signal === null ? { code: code ?? 0 } : { signal };
      });
    },
    // A daemon's first process ends at once; its children are the workload.
    ended: () => exit !== null && members().length === 0,
    exit: () => exit,
    async close() {
      if (child !== null) await endAll(members);
      await cgroup.remove();
    },
  };
}

async function endAll(members: () => number[]): Promise<void> {
  const until = Date.now() + graceMs;
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const pid of members()) send(pid, signal);
    while (members().length > 0 && (signal === 'SIGKILL' || Date.now() < until)) await sleep(20);
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the list and the signal.
  }
}

function openProcess(pid: number): OpenTarget {
  const since = startTime(pid);
  if (since === null) throw new Error(`cannot record process ${pid}: no such process; 'ps' lists the running ones`);
  return {
    by: 'process',
    cgroupFolder: unifiedMount(),
    usage: null,
    running: true,
    watch(scope, subject) {
      // Children that fork while we look are followed by the kernel from their watched parent on.
      const known = new Set<number>();
      for (let fresh = [pid]; fresh.length > 0; fresh = fresh.flatMap(children).filter((child) => !known.has(child))) {
        for (const each of fresh) {
          known.add(each);
          scope.watch(BigInt(each), subject);
        }
      }
    },
    start: () => undefined,
    // A number is reused; its start time is not.
    ended: () => startTime(pid) !== since,
    exit: () => null,
    close: () => Promise.resolve(),
  };
}

function openCgroup(folder: string): OpenTarget {
  if (!existsSync(`${folder}/cgroup.procs`)) {
    throw new Error(
      `cannot record ${folder}: not a cgroup folder; 'grep 0:: /proc/PID/cgroup' names a process's below ${unifiedMount()}`,
    );
  }
  return {
    by: 'cgroup',
    cgroupFolder: folder,
    usage: counterparts(folder),
    running: populated(folder),
    watch(scope, subject) {
      for (const each of withDescendants(folder)) scope.watch(statSync(each, { bigint: true }).ino, subject);
    },
    start: () => undefined,
    ended: () => !existsSync(folder),
    exit: () => null,
    close: () => Promise.resolve(),
  };
}

function withDescendants(folder: string): string[] {
  const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [folder, ...below.flatMap((entry) => withDescendants(`${folder}/${entry.name}`))];
}

function populated(folder: string): boolean {
  return withDescendants(folder).some((each) => numbers(`${each}/cgroup.procs`).length > 0);
}

function children(pid: number): number[] {
  const tasks = existsSync(`/proc/${pid}/task`) ? readdirSync(`/proc/${pid}/task`) : [];
  return tasks.flatMap((task) => numbers(`/proc/${pid}/task/${task}/children`));
}

function numbers(file: string): number[] {
  try {
    return readFileSync(file, 'utf8').split(/\s+/).filter(Boolean).map(Number);
  } catch {
    return []; // The process or the cgroup ended.
  }
}

/** In clock ticks since boot, field 22 of proc_pid_stat(5); null when there is no such process, or only its remains. */
function startTime(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
