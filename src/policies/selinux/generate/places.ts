/**
 * Standard types of paths, of the reference policy 2.20221101 (Debian 12; names agree with Fedora's and Red Hat's where
 * both have one). Small on purpose: what is not here gets a type of the policy's own, never a wide one.
 */
import type { FileKind } from './draft.ts';

interface Area {
  readonly type: string;
  /** Whether what lies below has the same type; else it is the policy's own. */
  readonly below: 'same' | 'own';
}

const areas: Readonly<Record<string, Area>> = Object.fromEntries(
  `/ root_t own
  /boot boot_t same
  /dev device_t same
  /dev/pts devpts_t same
  /dev/shm tmpfs_t own
  /dev/mqueue tmpfs_t own
  /etc etc_t same
  /etc/apache2 httpd_config_t same
  /etc/httpd httpd_config_t same
  /etc/nginx httpd_config_t same
  /etc/pki cert_t same
  /etc/pki/tls/private tls_privkey_t same
  /etc/ssl cert_t same
  /etc/ssl/private tls_privkey_t same
  /home home_root_t own
  /media mnt_t own
  /mnt mnt_t own
  /opt usr_t same
  /root user_home_dir_t own
  /run var_run_t own
  /srv var_t own
  /tmp tmp_t own
  /usr usr_t same
  /usr/bin bin_t same
  /usr/lib lib_t same
  /usr/lib/locale locale_t same
  /usr/libexec bin_t same
  /usr/local/bin bin_t same
  /usr/local/sbin bin_t same
  /usr/sbin bin_t same
  /usr/share/X11/locale locale_t same
  /usr/share/locale locale_t same
  /usr/share/zoneinfo locale_t same
  /usr/src src_t same
  /var var_t own
  /var/cache var_t own
  /var/lib var_lib_t own
  /var/log var_log_t own
  /var/spool var_spool_t own
  /var/tmp tmp_t own
  /var/www httpd_sys_content_t same
  /proc proc_t same
  /proc/irq sysctl_irq_t same
  /proc/net proc_net_t same
  /proc/sys sysctl_t same
  /proc/sys/crypto sysctl_crypto_t same
  /proc/sys/dev sysctl_dev_t same
  /proc/sys/fs sysctl_fs_t same
  /proc/sys/kernel sysctl_kernel_t same
  /proc/sys/net sysctl_net_t same
  /proc/sys/vm sysctl_vm_t same
  /proc/sys/vm/overcommit_memory sysctl_vm_overcommit_t same
  /proc/kallsyms system_map_t same
  /proc/kcore proc_kcore_t same
  /proc/kmsg proc_kmsg_t same
  /proc/mdstat proc_mdstat_t same
  /sys sysfs_t same
  /sys/devices/system/cpu/online cpu_online_t same
  /sys/fs/cgroup cgroup_t same
  /sys/fs/selinux security_t same
  /sys/kernel/debug debugfs_t same
  /sys/kernel/security security_t same
  /sys/kernel/tracing tracefs_t same`
    .split('\n')
    .map((row) => {
      const [path = '', type = '', below = ''] = row.trim().split(' ');
      return [path, { type, below: below === 'own' ? 'own' : 'same' }];
    }),
);
const files: readonly (readonly [pattern: RegExp, type: string])[] = [
  [/^\/etc\/(shadow|gshadow)[^/]*$/, 'shadow_t'],
  [/^\/etc\/(hosts|hostname|ethers|(resolv|yp)\.conf[^/]*)$/, 'net_conf_t'],
  [/^\/etc\/localtime$/, 'locale_t'],
  [/^\/etc\/ld\.so\.cache$/, 'ld_so_cache_t'],
  [/^\/usr\/bin\/(d?ash|bash|ksh[^/]*|zsh[^/]*|tcsh|yash|mksh|fish)$/, 'shell_exec_t'],
  [/^\/usr\/lib\/(.*\/)?ld-[^/]*\.so(\.[^/]*)?$/, 'ld_so_t'],
  [/^\/usr\/.*\.so(\.[^/]*)*$/, 'lib_t'],
];
const devices: Readonly<Record<string, string>> = {
  '/dev/null': 'null_device_t',
  '/dev/full': 'null_device_t',
  '/dev/zero': 'zero_device_t',
  '/dev/random': 'random_device_t',
  '/dev/urandom': 'urandom_device_t',
  '/dev/tty': 'devtty_t',
  '/dev/ptmx': 'ptmx_t',
  '/dev/console': 'console_device_t',
};
/** Names that libselinux takes for others (file_contexts.subs_dist). */
const sameAs: Readonly<Record<string, string>> = {
  '/bin': '/usr/bin',
  '/sbin': '/usr/sbin',
  '/lib': '/usr/lib',
  '/lib32': '/usr/lib',
  '/lib64': '/usr/lib',
  '/usr/lib32': '/usr/lib',
  '/usr/lib64': '/usr/lib',
  '/var/run': '/run',
};

/** Where a path lies: of a standard type, or below a directory whose content is nobody's. */
export type Place =
  | { readonly type: 'standard'; readonly label: string }
  | { readonly type: 'process' }
  | { readonly type: 'own' };

export function placeOf(path: string, kind: FileKind): Place {
  if (/^\/proc\/(\d+|self|thread-self)(\/|$)/.test(path)) return { type: 'process' };
  const name = canonical(path);
  const device = devices[name];
  if (device !== undefined && kind === 'chr_file') return { type: 'standard', label: device };
  for (const [pattern, label] of files) if (kind === 'file' && pattern.test(name)) return { type: 'standard', label };
  const exact = areas[name];
  if (exact !== undefined && (kind === 'dir' || exact.below === 'same')) return { type: 'standard', label: exact.type };
  for (let at = name; at !== '/'; ) {
    at = at.slice(0, Math.max(1, at.lastIndexOf('/')));
    const area = areas[at];
    if (area !== undefined) return area.below === 'same' ? { type: 'standard', label: area.type } : { type: 'own' };
  }
  return { type: 'own' };
}

/** The kernel's own file systems have labels of their own, whoever mounts what. */
export function isOfKernel(path: string): boolean {
  return /^\/(proc|sys)(\/|$)/.test(path);
}

/** The name by which contexts know it. */
export function canonical(path: string): string {
  for (const [prefix, stands] of Object.entries(sameAs))
    if (path === prefix || path.startsWith(`${prefix}/`)) return `${stands}${path.slice(prefix.length)}`;
  return path;
}

/** The base asserts that nobody else gets these, or whoever gets them has the machine. */
export const guarded: Readonly<Record<string, string>> = {
  shadow_t: 'passwords; the base asserts that nobody else reads them',
  memory_device_t: 'the memory of the machine',
  fixed_disk_device_t: 'whole disks',
  proc_kcore_t: 'the memory of the kernel',
  proc_kmsg_t: "the kernel's log",
  security_t: 'the policy itself',
  device_t: 'devices without a type of their own',
};

/** Programs that run others' code: a type to enter them by would be given to all who use them. */
export function isInterpreter(path: string): boolean {
  return /\/(d?ash|bash|sh|busybox|ksh|zsh|fish|env|python[\d.]*|perl[\d.]*|ruby[\d.]*|php[\d.]*|node|nodejs|java|lua[\d.]*|tclsh[\d.]*)$/.test(
    path,
  );
}
