/**
 * What the blocks of a node's container policy (container-selinux, udica templates) grant, so that it is not written
 * again. Stated narrowly: what only some releases grant counts as missing, and stands in the policy a second time.
 */
import type { Rule } from './draft.ts';

const everything =
  'add_name append create getattr ioctl link lock map open read remove_name rename reparent rmdir search setattr unlink write execute execute_no_trans entrypoint';
const sockets = 'accept append bind connect create getattr getopt ioctl listen read setopt shutdown write';

/** Target (`*` any port type), class and permissions, by block. */
const grants: Readonly<Record<string, readonly (readonly [target: string, kind: string, permissions: string])[]>> = {
  container: [
    ...['file', 'dir', 'lnk_file', 'sock_file', 'fifo_file'].map((kind) => ['image', kind, everything] as const),
    ['image', 'chr_file', 'append getattr ioctl lock open read write'],
    [
      'self',
      'process',
      'fork getattr getcap getpgid getsched getsession setcap setpgid setrlimit setsched sigchld sigkill signal signull sigstop',
    ],
    ['self', 'fd', 'use'],
    ['self', 'fifo_file', 'append getattr ioctl lock open read write'],
    ['self', 'dir', 'getattr ioctl lock open read search'],
    ['self', 'file', 'append getattr ioctl lock open read write'],
    ['self', 'lnk_file', 'getattr read'],
    ['self', 'unix_stream_socket', `${sockets} connectto`],
    ['self', 'unix_dgram_socket', `${sockets} sendto`],
    ['proc_t', 'dir', 'getattr ioctl lock open read search'],
    ['proc_t', 'file', 'getattr ioctl lock open read'],
    ['proc_t', 'lnk_file', 'getattr read'],
    ['sysfs_t', 'dir', 'getattr ioctl lock open read search'],
    ['sysfs_t', 'file', 'getattr ioctl lock open read'],
    ['sysfs_t', 'lnk_file', 'getattr read'],
    ['starter', 'fd', 'use'],
    ['starter', 'fifo_file', 'append getattr ioctl lock read write'],
    ['starter', 'unix_stream_socket', 'getattr getopt ioctl read shutdown write'],
    ['starter', 'process', 'sigchld'],
  ],
  restricted_net_container: [
    ['self', 'tcp_socket', sockets],
    ['self', 'udp_socket', sockets],
    ['node_t', 'tcp_socket', 'node_bind'],
    ['node_t', 'udp_socket', 'node_bind'],
  ],
  net_container: [
    ['*', 'tcp_socket', 'name_bind name_connect'],
    ['*', 'udp_socket', 'name_bind'],
    ['self', 'tcp_socket', sockets],
    ['self', 'udp_socket', sockets],
    ['node_t', 'tcp_socket', 'node_bind'],
    ['node_t', 'udp_socket', 'node_bind'],
  ],
};

/** Whether the named blocks grant it already. */
export function inherited(
  blocks: readonly string[],
  imageType: string,
  starter: string,
): (rule: Rule, permission: string) => boolean {
  const rows = blocks.flatMap((block) => grants[block] ?? []);
  return ({ source, target, class: kind }, permission) => {
    // The runtime's own rules come with the block.
    if (source === starter) return rows.length > 0;
    const named =
      target === source
        ? 'self'
        : target === '@self'
          ? 'self'
          : target === imageType
            ? 'image'
            : target === starter
              ? 'starter'
              : target;
    return rows.some(
      ([to, of, permissions]) =>
        of === kind &&
        (to === named || (to === '*' && target.endsWith('_port_t'))) &&
        permissions.split(' ').includes(permission),
    );
  };
}
