/** What every program needs of itself, and of who starts it. */
import type { Baseline } from '#baseline/baseline.ts';
import type { Rules, Transition, TypeName } from './draft.ts';
import { ofItself } from './implied.ts';
import type { Labels } from './labels.ts';
import { addWay } from './files.ts';
import { isFirst, type Programs } from './programs.ts';

/** Calls that the kernel asks about, of a process about itself or its like (security/selinux/hooks.c). */
const byCall: Readonly<Record<string, string>> = {
  fork: 'fork',
  vfork: 'fork',
  clone: 'fork',
  clone3: 'fork',
  kill: 'sigkill signal signull sigstop',
  tkill: 'sigkill signal signull sigstop',
  tgkill: 'sigkill signal signull sigstop',
  rt_sigqueueinfo: 'signal',
  rt_tgsigqueueinfo: 'signal',
  pidfd_send_signal: 'sigkill signal signull',
  setpgid: 'setpgid',
  getpgid: 'getpgid',
  getsid: 'getsession',
  capget: 'getcap',
  capset: 'setcap',
  sched_getaffinity: 'getsched',
  sched_getparam: 'getsched',
  sched_getscheduler: 'getsched',
  sched_getattr: 'getsched',
  ioprio_get: 'getsched',
  sched_setaffinity: 'setsched',
  sched_setparam: 'setsched',
  sched_setscheduler: 'setsched',
  sched_setattr: 'setsched',
  setpriority: 'setsched',
  ioprio_set: 'setsched',
};
/** Of System V's shared memory, semaphores and queues, and of keys: they have the type of who makes them. */
const byCallOther: Readonly<Record<string, readonly [kind: string, permissions: string]>> = {
  shmget: ['shm', 'associate create getattr read unix_read unix_write write'],
  shmat: ['shm', 'read unix_read unix_write write'],
  shmctl: ['shm', 'destroy getattr setattr unix_read unix_write'],
  semget: ['sem', 'associate create getattr read unix_read unix_write write'],
  semctl: ['sem', 'destroy getattr read setattr unix_read unix_write write'],
  msgget: ['msgq', 'associate create getattr read unix_read unix_write write'],
  msgctl: ['msgq', 'destroy getattr setattr unix_read unix_write'],
  add_key: ['key', 'search setattr view write'],
  request_key: ['key', 'link read search view write'],
  // Which of their operations it was, the number of a call does not tell (`notes.ts` says so).
  keyctl: ['key', 'link read search setattr view write'],
  perf_event_open: ['perf_event', 'cpu kernel open read tracepoint write'],
  userfaultfd: ['anon_inode', 'create getattr ioctl map read'],
  socketpair: ['unix_stream_socket', 'create getattr getopt ioctl read setopt shutdown write'],
};
/** Where system calls were not recorded: what processes of one program do to one another and to themselves. */
const ordinary = 'fork getattr getcap getpgid getsched getsession setpgid sigchld sigkill signal signull sigstop';
const pipe = 'append getattr ioctl lock read write';
const pair = 'create getattr getopt ioctl read setopt shutdown write';

export interface Starter {
  readonly type: string;
  /** Whether starting the executable is enough to enter the domain, or the starter names it (a container's runtime). */
  readonly byExecutable: boolean;
}

/** Where programs find their files: the type of a container's own files, and of the file system that holds them. */
export interface Image {
  readonly fileSystem: string;
  /** Null where labels go by path. */
  readonly type: string | null;
}

export function addProcesses(
  rules: Rules,
  dontaudit: Rules,
  baseline: Baseline,
  programs: Programs,
  labels: Labels,
  starter: Starter,
  { fileSystem, type: image }: Image,
): Transition[] {
  const transitions: Transition[] = [];
  const seen = baseline.coverage.some(({ sensor, state }) => sensor === 'syscalls' && state === 'ran');
  for (const domain of programs.domains) {
    rules.add(domain, domain, 'fd', 'use');
    rules.add(domain, domain, 'fifo_file', pipe, 'open');
    rules.add(domain, domain, 'process', seen ? 'sigchld' : ordinary);
    if (!seen) rules.add(domain, domain, 'unix_stream_socket', pair);
    // A terminal, or the /dev/null that the runtime hands over as standard input.
    if (image !== null) rules.add(domain, image, 'chr_file', 'append getattr ioctl read write');
  }
  for (const { claim } of baseline.facts) {
    if (claim.type !== 'syscall' || claim.phase !== 'program') continue;
    const words = byCall[claim.name ?? ''];
    const domain = programs.domainOf(claim.program);
    if (words !== undefined) rules.add(domain, domain, 'process', words);
    const other = byCallOther[claim.name ?? ''];
    if (other !== undefined) rules.add(domain, domain, ...other);
    if (claim.name === 'syslog') rules.add(domain, 'kernel_t', 'system', 'syslog_console syslog_mod syslog_read');
    // The call does not tell which file system it asks about.
    if (/^f?statfs$/.test(claim.name ?? ''))
      for (const type of [fileSystem, 'proc_t', 'sysfs_t']) rules.add(domain, type, 'filesystem', 'getattr');
  }
  for (const exec of programs.execs) {
    const { path, program } = exec;
    const label = labels.of(path, 'file');
    if (isFirst(exec, programs.execs)) {
      // The starter found it: the program is entered by the file alone.
      const domain = programs.domainOf(path);
      rules.add(domain, label, 'file', 'entrypoint execute getattr map open read');
      if (starter.byExecutable && label === '@exec') {
        transitions.push({ source: starter.type, target: label, class: 'process', result: domain });
        rules.add(starter.type, label, 'file', 'execute getattr map open read');
      }
    }
    if (program === null) continue;
    const [from, to] = [programs.domainOf(program), programs.domainOf(path)];
    addWay(rules, from, path, labels);
    if (from === to) rules.add(from, label, 'file', ofItself('execute', 'file'));
    else {
      rules.add(from, label, 'file', 'execute getattr map open read');
      rules.add(to, label, 'file', 'entrypoint execute getattr map open read');
      transitions.push({ source: from, target: label, class: 'process', result: to });
      addStart(rules, dontaudit, from, to);
    }
  }
  addStart(rules, dontaudit, starter.type, '@process');
  return transitions;
}

/** One domain starts another, hands on its descriptors, and hears of its end. */
function addStart(rules: Rules, dontaudit: Rules, from: TypeName, to: TypeName): void {
  rules.add(from, to, 'process', 'transition');
  // A domain change of a process that may gain no privileges (runc and systemd with noNewPrivileges).
  rules.add(from, to, 'process2', 'nnp_transition nosuid_transition');
  // Cleaning of the environment, of signals and of limits: wanted, and not worth a log line.
  dontaudit.add(from, to, 'process', 'noatsecure rlimitinh siginh');
  rules.add(to, from, 'fd', 'use');
  rules.add(to, from, 'fifo_file', pipe);
  rules.add(to, from, 'unix_stream_socket', 'getattr getopt ioctl read shutdown write');
  rules.add(to, from, 'process', 'sigchld');
}
