/** What recording costs: per call, per open, per connection; what is lost at full blast; what the recorder itself takes. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { arch, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createCgroup } from '../src/agent/cgroups.ts';
import { BpfObject } from '../src/agent/libbpf/object.ts';
import { record } from '../src/agent/record.ts';
import { Scope } from '../src/agent/scope.ts';
import { sensors } from '../src/agent/sensors/sensors.ts';
import { print, rounds, table } from './print.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'kguardian-bench-'));
const load = join(folder, 'load');

/** One way of watching: `around` sets it up, measures while it holds, and takes it down. */
interface Candidate {
  readonly name: string;
  readonly around: () => Promise<number>;
}

/** Runs the load inside `cgroup`, if one is given; nanoseconds for one. */
function loaded(argv: readonly string[], prefix: readonly string[] = [], procs: readonly string[] = []): number {
  const script = `${procs.map((file) => `echo $$ > ${file}; `).join('')}exec "$@"`;
  return Number(
    execFileSync('/bin/sh', ['-c', script, 'sh', ...prefix, load, ...argv], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .trim()
      .split('\n')
      .at(-1),
  );
}

function emptyPrograms(): BpfObject {
  return new BpfObject(join(folder, 'empty.bpf.o'), 'empty').load().attach('empty_enter').attach('empty_exit');
}

/** Our sensors of these names on a cgroup of their own. */
function recorder(names: readonly string[], argv: readonly string[]): () => Promise<number> {
  return async () => {
    const cgroup = createCgroup('bench');
    const scope = new Scope({ cgroupFolder: cgroup.folder, by: 'cgroup' });
    try {
      const subject = scope.addSubject('bench', { host: false, started: true, usage: null });
      const attached = sensors.filter(({ sensor }) => names.includes(sensor)).map((kind) => kind.attach(scope));
      scope.watch(cgroup.id, subject);
      const result = loaded(argv, [], cgroup.procs);
      for (const sensor of attached) sensor.close();
      return result;
    } finally {
      scope.close();
      await cgroup.remove();
    }
  };
}

/** bpftrace finds tracepoints in tracefs; mounts it where nobody has, and says how to take it away. */
function withTracefs(): () => void {
  if (readFileSync('/proc/self/mounts', 'utf8').includes(' tracefs ')) return () => undefined;
  execFileSync('mount', ['-t', 'tracefs', 'tracefs', '/sys/kernel/tracing']);
  return () => void execFileSync('umount', ['/sys/kernel/tracing']);
}

/** bpftrace counting calls by name and number, as people do by hand. */
async function bpftrace(argv: readonly string[]): Promise<number> {
  const child = spawn(
    'bpftrace',
    ['-e', 'tracepoint:raw_syscalls:sys_enter { @[comm, args->id] = count(); } BEGIN { printf("ready\\n"); }'],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ready = new Promise<void>((resolve) =>
    child.stdout.on('data', (text: Buffer) => (text.includes('ready') ? resolve() : undefined)),
  );
  try {
    const first = await Promise.race([ready.then(() => 'ready'), ended.then(() => 'ended')]);
    if (first !== 'ready') throw new Error('bpftrace does not start here');
    return loaded(argv);
  } finally {
    child.kill('SIGINT');
    await ended;
  }
}

async function compare(title: string, candidates: readonly Candidate[], unit: string): Promise<void> {
  const least = new Map<string, number>();
  const failed = new Map<string, string>();
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, around } of candidates) {
      if (failed.has(name)) continue;
      try {
        const value = await around();
        least.set(name, Math.min(least.get(name) ?? Number.POSITIVE_INFINITY, value));
      } catch (error) {
        failed.set(name, (error as Error).message.split('\n')[0] ?? '');
      }
    }
  }
  const [first, reference] = candidates;
  const base = least.get(first?.name ?? '') ?? 0;
  const empty = (least.get(reference?.name ?? '') ?? 0) - base;
  print(title);
  table([
    ['', `ns per ${unit}`, 'added', `of ${reference?.name ?? ''}`],
    ...candidates.map(({ name }) => {
      const value = least.get(name);
      if (value === undefined) return [name, '-', '-', failed.get(name) ?? ''];
      const added = value - base;
      return [
        name,
        value.toFixed(1),
        name === first?.name ? '' : `+${added.toFixed(1)}`,
        name === first?.name ? '' : `${(added / empty).toFixed(2)}×`,
      ];
    }),
  ]);
}

async function syscalls(): Promise<void> {
  const argv = ['syscalls', '1000000'];
  await compare(
    'A system call (getppid), while watched',
    [
      { name: 'nothing', around: async () => loaded(argv) },
      {
        name: 'empty programs, same hooks',
        async around() {
          const object = emptyPrograms();
          try {
            return loaded(argv);
          } finally {
            object.close();
          }
        },
      },
      { name: 'kguardian, syscalls', around: recorder(['syscalls'], argv) },
      {
        name: 'empty programs, two more on the exit',
        async around() {
          // As all sensors have it: system calls, files and operations all look at what a call returned.
          const more = () => new BpfObject(join(folder, 'empty.bpf.o'), 'empty').load().attach('empty_exit');
          const objects = [emptyPrograms(), more(), more()];
          try {
            return loaded(argv);
          } finally {
            for (const object of objects) object.close();
          }
        },
      },
      {
        name: 'kguardian, all sensors',
        around: recorder(
          sensors.map(({ sensor }) => sensor),
          argv,
        ),
      },
      { name: 'bpftrace counting', around: () => bpftrace(argv) },
      {
        name: 'strace -f',
        around: async () => loaded(['syscalls', '20000'], ['strace', '-f', '-qq', '-o', '/dev/null']),
      },
    ],
    'call',
  );
}

async function repeats(): Promise<void> {
  for (const [title, argv, unit, names] of [
    ['The same file opened again', ['opens', '100000', '/etc/hostname'], 'open', ['files']],
    ['The same connection made again (loopback)', ['connects', '5000'], 'connection', ['network']],
  ] as const) {
    await compare(
      title,
      [
        { name: 'nothing', around: async () => loaded(argv) },
        { name: `kguardian, ${names.join()}`, around: recorder(names, argv) },
        {
          name: 'kguardian, all sensors',
          around: recorder(
            sensors.map(({ sensor }) => sensor),
            argv,
          ),
        },
      ],
      unit,
    );
  }
}

async function blast(): Promise<void> {
  const many = mkdtempSync('/dev/shm/kguardian-bench-');
  try {
    for (let i = 0; i < 100; i += 1) {
      mkdirSync(`${many}/${i}`);
      for (let j = 0; j < 1000; j += 1) writeFileSync(`${many}/${i}/${i * 1000 + j}`, '');
    }
    const rows = [['', 'done', 'recorded', 'lost']];
    for (const [name, argv, recorded] of [
      ['system calls', ['syscalls', '1000000'], 'syscall'],
      ['distinct files opened', ['distinct', '100000', many], 'file'],
      ['connections', ['connects', '20000'], 'flow'],
    ] as const) {
      const { lines } = await record({
        target: { type: 'command', argv: [load, ...argv], stdout: 'ignore' },
        name: 'blast',
        by: 'bench',
        signal: new AbortController().signal,
      });
      const lost = lines.reduce((sum, line) => sum + (line.type === 'coverage' ? line.lost : 0), 0);
      const facts = lines.filter(({ type }) => type === recorded);
      const seen = facts.reduce(
        (sum, line) =>
          sum +
          (line.type === 'flow' ? line.seen.count / 2 : line.type === 'file' && !line.path.startsWith(many) ? 0 : 1),
        0,
      );
      rows.push([name, argv[1], recorded === 'syscall' ? `${seen} distinct` : String(seen), String(lost)]);
    }
    print('At full blast');
    table(rows);
  } finally {
    rmSync(many, { recursive: true });
  }
}

/** User and system time of a process in seconds; its resident memory, and what of it is nobody else's and counted once. */
function usageOf(pid: number): { cpu: number; rssMiB: number; pssMiB: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const mebibytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1]) / 1024;
  return { cpu: (Number(fields[11]) + Number(fields[12])) / 100, rssMiB: mebibytes('Rss'), pssMiB: mebibytes('Pss') };
}

async function footprint(): Promise<void> {
  const rows = [['', 'of one core', 'resident', 'proportional']];
  for (const [name, command] of [
    ['idle', 'sleep 24'],
    [
      'under load (opens, calls and connections without a pause)',
      `end=$(($(date +%s) + 24)); while [ $(date +%s) -lt $end ]; do ${load} opens 20000; ${load} syscalls 200000; ${load} connects 500; done`,
    ],
  ] as const) {
    const child = spawn(
      here('../bin/kguardian'),
      ['record', '-o', join(folder, 'footprint.jsonl'), '--', '/bin/sh', '-c', command],
      { stdio: 'ignore' },
    );
    const pid = child.pid ?? 0;
    // What it does at its start is not what it costs.
    await sleep(12_000);
    const before = usageOf(pid);
    await sleep(8000);
    const after = usageOf(pid);
    rows.push([
      name,
      `${(((after.cpu - before.cpu) / 8) * 100).toFixed(1)} %`,
      `${after.rssMiB.toFixed(0)} MiB`,
      `${after.pssMiB.toFixed(0)} MiB`,
    ]);
    await new Promise((resolve) => child.once('exit', resolve));
  }
  print('The recorder itself');
  table(rows);
}

export async function bench(): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('this part needs root: it loads BPF programs');
  try {
    compile();
    const unmount = withTracefs();
    await syscalls().finally(unmount);
    await repeats();
    await blast();
    await footprint();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function compile(): void {
  const arm = arch() === 'arm64';
  const include = `/usr/include/${arm ? 'aarch64' : 'x86_64'}-linux-gnu`;
  const target = ['-g', '-O2', '-target', 'bpf', '-mcpu=v3', `-D__TARGET_ARCH_${arm ? 'arm64' : 'x86'}`];
  const headers = [`-I${here('../bpf')}`, '-idirafter', include];
  execFileSync('gcc', ['-O2', '-o', load, here('load.c')]);
  execFileSync('clang', [...target, ...headers, '-c', here('empty.bpf.c'), '-o', join(folder, 'empty.bpf.o')]);
}
