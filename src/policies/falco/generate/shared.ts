/** Macros and lists that all files of this kind have alike, word for word, so that they may be loaded together. */

export interface List {
  readonly name: string;
  /** As they stand in a condition: quoted where that is needed. */
  readonly items: readonly string[];
}
export interface Macro {
  readonly name: string;
  readonly condition: string;
}

/** Calls that need a capability, or reach what programs seldom need of the kernel: what attacks on it go through. */
const calls = [
  ...[
    'acct',
    'add_key',
    'adjtimex',
    'bpf',
    'chroot',
    'clock_adjtime',
    'clock_settime',
    'delete_module',
    'fanotify_init',
  ],
  ...[
    'finit_module',
    'fsmount',
    'fsopen',
    'init_module',
    'io_uring_setup',
    'ioperm',
    'iopl',
    'kcmp',
    'kexec_file_load',
  ],
  ...['kexec_load', 'keyctl', 'memfd_create', 'mknod', 'mknodat', 'modify_ldt', 'mount', 'mount_setattr', 'move_mount'],
  ...['move_pages', 'open_by_handle_at', 'open_tree', 'perf_event_open', 'personality', 'pidfd_getfd', 'pivot_root'],
  ...['process_vm_readv', 'process_vm_writev', 'ptrace', 'quotactl', 'reboot', 'request_key', 'setdomainname'],
  ...['setfsuid', 'setgid', 'setgroups', 'sethostname', 'setns', 'setregid', 'setresgid', 'setresuid', 'setreuid'],
  ...['settimeofday', 'setuid', 'swapoff', 'swapon', 'syslog', 'umount2', 'unshare', 'userfaultfd'],
];

export const watchedCalls: ReadonlySet<string> = new Set(calls);
/** SOCK_RAW alone, and with SOCK_NONBLOCK, SOCK_CLOEXEC or both: events have the number as the call gave it. */
export const rawTypes = ['3', '2051', '524291', '526339'];
/**
 * Families of sockets beside those of the Internet and of the machine itself, as events name them: a netlink socket by the
 * other name of its number (measured with sysdig 0.29.3).
 */
export const watchedFamilies: Readonly<Record<string, readonly string[]>> = {
  alg: ['AF_ALG'],
  bluetooth: ['AF_BLUETOOTH'],
  netlink: ['AF_NETLINK', 'AF_ROUTE'],
  packet: ['AF_PACKET'],
  vsock: ['AF_VSOCK'],
};

const sensitiveFiles = [
  ...['/etc/shadow', '/etc/gshadow', '/etc/sudoers', '/proc/kcore', '/proc/kallsyms', '/proc/kmsg', '/dev/mem'],
  ...['/dev/kmem', '/dev/port', '/root/.bash_history', '/root/.git-credentials', '/root/.netrc', '/root/.pgpass'],
];
const sensitiveFolders = [
  ...[
    '/root/.ssh',
    '/root/.aws',
    '/root/.azure',
    '/root/.config/gcloud',
    '/root/.docker',
    '/root/.gnupg',
    '/root/.kube',
  ],
  ...['/run/secrets', '/var/run/secrets', '/etc/kubernetes', '/etc/ssl/private', '/etc/sudoers.d', '/var/lib/kubelet'],
];
const sensitiveForms = [
  ...['/proc/*/environ', '/proc/*/mem', '/proc/*/ns/*', '/home/*/.ssh/*', '/home/*/.aws/*', '/home/*/.kube/*'],
  ...['/dev/sd*', '/dev/nvme*', '/dev/vd*', '/dev/xvd*', '/dev/dm-*'],
];
const sockets: readonly string[] = [
  ...['docker.sock', 'containerd/containerd.sock', 'crio/crio.sock', 'podman/podman.sock'],
  ...['k3s/containerd/containerd.sock', 'cri-dockerd.sock'],
].flatMap((each) => [`/run/${each}`, `/var/run/${each}`]);

/** Whether the rule about sensitive files watches the path: elsewhere an exception would be of no use. */
export function isSensitive(path: string): boolean {
  return (
    sensitiveFiles.includes(path) ||
    sensitiveFolders.some((folder) => path === folder || path.startsWith(`${folder}/`)) ||
    sensitiveForms.some((form) => new RegExp(`^${form.replaceAll('.', '\\.').replaceAll('*', '.*')}$`, 's').test(path))
  );
}

export function isRuntimeSocket(path: string): boolean {
  return sockets.includes(path);
}

const prefix = 'kguardian';
export const lists = {
  calls: { name: `${prefix}_privileged_calls`, items: calls },
  sensitiveFiles: { name: `${prefix}_sensitive_files`, items: sensitiveFiles },
  sensitiveFolders: { name: `${prefix}_sensitive_folders`, items: sensitiveFolders },
} as const satisfies Record<string, List>;

/** Names of connected sockets begin with where they lie in the kernel. */
export function socketName(path: string): string {
  return ` ${path}`;
}

const named = (path: string): string => `fd.name endswith "${socketName(path)}"`;

/** Programs that start containers, as they are on nodes or as copies of themselves in memory. */
function runtimeForms(field: string): string {
  const files = ['runc', 'crun', 'youki'].map((each) => `${field} endswith /${each}`);
  return `(${[...files, `${field} contains runc_cloned:`].join(' or ')})`;
}

const forms = sensitiveForms.map((each) => `fd.name glob "${each}"`).join(' or ');

export const macros = {
  started: {
    name: `${prefix}_program_started`,
    condition: `(evt.type in (execve, execveat) and not (${runtimeForms('proc.exepath')} and ${runtimeForms('proc.pexepath')}))`,
  },
  written: {
    name: `${prefix}_file_written`,
    condition:
      '((evt.type = creat or (evt.type in (open, openat, openat2) and evt.is_open_write = true)) and fd.typechar = f and fd.num >= 0)',
  },
  // A call that failed has no path here.
  changed: {
    name: `${prefix}_path_changed`,
    condition:
      '(evt.type in (unlink, unlinkat, rmdir, mkdir, mkdirat, chmod, fchmod, fchmodat, chown, lchown, fchown, fchownat, rename, renameat, renameat2, link, linkat, symlink, symlinkat) and (fs.path.name exists or fs.path.source exists or fs.path.target exists))',
  },
  sensitive: {
    name: `${prefix}_sensitive_file_read`,
    condition: `(evt.type in (open, openat, openat2) and evt.is_open_read = true and fd.typechar = f and fd.num >= 0 and (fd.name in (${lists.sensitiveFiles.name}) or fd.name pmatch (${lists.sensitiveFolders.name}) or ${forms}))`,
  },
  socketReached: {
    name: `${prefix}_runtime_socket_reached`,
    condition: `(evt.type = connect and fd.typechar = u and (${sockets.map(named).join(' or ')}))`,
  },
  outbound: {
    name: `${prefix}_outbound`,
    condition:
      '(((evt.type = connect and (evt.rawres >= 0 or evt.res = EINPROGRESS)) or (evt.type in (sendto, sendmsg, sendmmsg) and fd.l4proto = udp and fd.name_changed = true)) and fd.type in (ipv4, ipv6))',
  },
  listening: {
    name: `${prefix}_listening`,
    condition:
      '(((evt.type = listen and fd.l4proto = tcp) or (evt.type = bind and fd.l4proto = udp and fd.sport > 0)) and fd.type in (ipv4, ipv6))',
  },
  called: { name: `${prefix}_privileged_call`, condition: `(evt.type in (${lists.calls.name}))` },
  // Probes are of the kubelet, and recordings have them apart from the workload.
  probe: {
    name: `${prefix}_probe`,
    condition:
      '(proc.is_container_healthcheck = true or proc.is_container_liveness_probe = true or proc.is_container_readiness_probe = true)',
  },
  // Of a container that is known already, its own start is seen, and what is done in it to start a session.
  runtime: { name: `${prefix}_container_runtime`, condition: runtimeForms('proc.exepath') },
  rareSocket: {
    name: `${prefix}_rare_socket`,
    condition: `(evt.type = socket and (${Object.values(watchedFamilies)
      .flat()
      .map((each) => `evt.arg.domain contains ${each}`)
      .join(' or ')} or (evt.arg.domain contains AF_INET and evt.arg.type in (${rawTypes.join(', ')}))))`,
  },
} as const satisfies Record<string, Macro>;
