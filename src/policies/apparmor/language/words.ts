/** The words of the language, by parser 3.0 and Linux 6.1. */

export const capabilities: readonly string[] =
  `chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service
  net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin
  sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override
  mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore`.split(/\s+/);

export const families: readonly string[] =
  `unix inet ax25 ipx appletalk netrom bridge atmpvc x25 inet6 rose netbeui security key netlink packet ash econet
  atmsvc rds sna irda pppox wanpipe llc ib mpls can tipc bluetooth iucv rxrpc isdn phonet ieee802154 caif alg nfc vsock
  kcm qipcrtr smc xdp mctp`.split(/\s+/);

export const socketKinds: readonly string[] = ['stream', 'dgram', 'seqpacket', 'rdm', 'raw', 'packet'];

/** What a word for a protocol stands for, by family: the kernel's question has no protocol in it. */
export const protocols: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  tcp: { inet: 'stream', inet6: 'stream' },
  udp: { inet: 'dgram', inet6: 'dgram' },
  icmp: { inet: 'raw' },
};

/** By number, from 1. Real-time ones are `rtmin+<n>`, where the kernel's own SIGRTMIN is 32. */
const signals =
  `hup int quit ill trap abrt bus fpe kill usr1 segv usr2 pipe alrm term stkflt chld cont stop stp ttin ttou urg xcpu
  xfsz vtalrm prof winch io pwr sys`.split(/\s+/);
const firstRealTime = 32;
const realTimes = 33;

export const signalWords: ReadonlySet<string> = new Set([
  ...signals,
  'emt',
  'lost',
  'exists',
  ...Array.from({ length: realTimes }, (_, at) => `rtmin+${at}`),
]);

export function signalWord(number: number): string {
  return signals[number - 1] ?? `rtmin+${number - firstRealTime}`;
}

export const rlimits: readonly string[] =
  `cpu fsize data stack core rss nproc nofile memlock as locks sigpending msgqueue nice rtprio rttime`.split(/\s+/);
