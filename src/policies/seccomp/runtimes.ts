/**
 * What a container runtime itself still calls after it has installed the filter, and what every program
 * needs to start, end and return from signals. Measured on kernel 6.18, x86_64, by removal: take one call
 * out and start the container six times (runc 1.1.5, crun 1.8.1).
 */
export type Runtime = 'runc' | 'crun' | 'none';

const everyProgram = ['execve', 'exit', 'exit_group', 'rt_sigreturn', 'restart_syscall'];

interface Needs {
  /** With noNewPrivileges the filter is installed late, without it early: then more comes after it. */
  readonly withNoNewPrivileges: readonly string[];
  readonly without: readonly string[];
  /** Now and then, by timing: the Go scheduler of runc. */
  readonly sometimes: readonly string[];
}

const needs: Readonly<Record<Runtime, Needs>> = {
  runc: {
    withNoNewPrivileges: [
      'close',
      'epoll_ctl',
      'execve',
      'fstatfs',
      'futex',
      'getdents64',
      'getpid',
      'openat',
      'write',
    ],
    without: [
      ...[
        'capget',
        'capset',
        'chdir',
        'close',
        'epoll_ctl',
        'execve',
        'faccessat2',
        'fcntl',
        'fstat',
        'fstatfs',
        'getcwd',
      ],
      ...[
        'getdents64',
        'getpid',
        'getppid',
        'newfstatat',
        'openat',
        'prctl',
        'read',
        'setgid',
        'setgroups',
        'setuid',
        'write',
      ],
    ],
    sometimes: [
      ...['futex', 'nanosleep', 'rt_sigreturn', 'rt_sigprocmask', 'sigaltstack', 'tgkill', 'gettid', 'madvise', 'mmap'],
      ...['sched_yield', 'epoll_ctl', 'epoll_pwait', 'getpid'],
    ],
  },
  crun: {
    withNoNewPrivileges: ['close', 'execve'],
    without: [
      'capset',
      'close',
      'execve',
      'prctl',
      'rt_sigaction',
      'rt_sigprocmask',
      'setresgid',
      'setresuid',
      'write',
    ],
    sometimes: [],
  },
  none: { withNoNewPrivileges: [], without: [], sometimes: [] },
};

/** Names and the reason for each. `any`: a profile for both settings of noNewPrivileges. */
export function runtimeNeeds(runtime: Runtime, noNewPrivileges: 'any' | 'true' | 'false'): Map<string, string> {
  const { withNoNewPrivileges, without, sometimes } = needs[runtime];
  const found = new Map<string, string>();
  const add = (names: readonly string[], reason: string): void => {
    for (const name of names) if (!found.has(name)) found.set(name, reason);
  };
  add(everyProgram, 'every program needs it to start, end or return from a signal');
  if (noNewPrivileges !== 'false') add(withNoNewPrivileges, `${runtime} calls it between the filter and the program`);
  if (noNewPrivileges !== 'true')
    add(without, `${runtime} calls it between the filter and the program, without noNewPrivileges`);
  add(sometimes, `${runtime} calls it now and then, by timing`);
  return found;
}
