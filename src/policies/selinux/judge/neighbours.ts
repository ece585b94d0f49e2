/** Questions beside what is granted: the other permissions of a class, and what lies near its targets. */
const classes: Readonly<Record<string, string>> = {
  file: 'append create entrypoint execmod execute execute_no_trans getattr ioctl link lock map mounton open quotaon read relabelfrom relabelto rename setattr unlink watch write',
  dir: 'add_name create getattr ioctl link lock mounton open read relabelfrom relabelto remove_name rename reparent rmdir search setattr unlink watch write',
  lnk_file: 'create getattr link read rename setattr unlink write',
  chr_file: 'append create execute getattr ioctl lock map open read setattr unlink write',
  sock_file: 'append create getattr open read rename setattr unlink write',
  fifo_file: 'append create getattr ioctl lock open read rename setattr unlink write',
  process:
    'dyntransition execheap execmem execstack fork getattr getcap getpgid getrlimit getsched getsession noatsecure ptrace rlimitinh setcap setcurrent setexec setfscreate setpgid setrlimit setsched setsockcreate share sigchld siginh sigkill signal signull sigstop transition',
  capability:
    'audit_control audit_write chown dac_override dac_read_search fowner fsetid ipc_lock ipc_owner kill lease linux_immutable mknod net_admin net_bind_service net_broadcast net_raw setfcap setgid setpcap setuid sys_admin sys_boot sys_chroot sys_module sys_nice sys_pacct sys_ptrace sys_rawio sys_resource sys_time sys_tty_config',
  capability2: 'audit_read block_suspend bpf checkpoint_restore mac_admin mac_override perfmon syslog wake_alarm',
  tcp_socket:
    'accept append bind connect create getattr getopt ioctl listen name_bind name_connect node_bind read relabelto setattr setopt shutdown write',
  udp_socket: 'append bind connect create getattr getopt ioctl name_bind node_bind read setattr setopt shutdown write',
};
/** What a container must not reach; next to any policy. */
const elsewhere = [
  'shadow_t',
  'etc_t',
  'container_file_t',
  'container_var_lib_t',
  'default_t',
  'http_port_t',
  'ssh_port_t',
  'unreserved_port_t',
];

interface Neighbour {
  readonly query: {
    readonly source: string;
    readonly target: string;
    readonly class: string;
    readonly permission: string;
  };
  readonly label: string;
}

export function* neighboursOf(granted: readonly string[]): Generator<Neighbour> {
  const asked = new Set<string>();
  for (const grant of granted) {
    const [source = '', target = '', kind = '', word = ''] = grant.split(' ');
    // A set's own expression is no type that could be asked for.
    if (grant.includes('(')) continue;
    const beside = (classes[kind]?.split(' ') ?? []).map((permission) => ({ source, target, class: kind, permission }));
    const near = elsewhere.map((other) => ({ source, target: other, class: kind, permission: word }));
    for (const query of [...beside, ...(target === 'self' ? [] : near)]) {
      const label = `${query.source} ${query.target} ${query.class} ${query.permission}`;
      if (asked.has(label)) continue;
      asked.add(label);
      yield { query, label };
    }
  }
}
