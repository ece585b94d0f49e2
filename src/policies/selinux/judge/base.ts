/**
 * What a node's base policy may add to a type that the text puts into the base's attributes: the reading of the
 * reference policy 2.20221101 (Debian 12), policy/modules/kernel/domain.te and policy/modules/system/libraries.if.
 * Other distributions give attributes of these names more or less; where that matters, the base's text decides.
 */
import type { Policy } from './policy.ts';

interface Grant {
  readonly target: string;
  readonly class: string;
  readonly permissions: readonly string[];
}

const grant = (target: string, kind: string, permissions: string): Grant => ({
  target,
  class: kind,
  permissions: permissions.split(' '),
});

/** Attributes whose rules are known. Those of files give the process that is in none of them nothing. */
const attributes: Readonly<Record<string, readonly Grant[]>> = {
  file_type: [],
  exec_type: [],
  entry_type: [],
  application_exec_type: [],
  non_security_file_type: [],
  non_auth_file_type: [],
  mcs_constrained_type: [],
  port_type: [],
  domain: [
    grant('self', 'process', 'fork sigchld'),
    grant('self', 'dir', 'ioctl read getattr lock open search'),
    grant('self', 'file', 'ioctl read write getattr lock append open'),
    grant('self', 'lnk_file', 'ioctl read getattr lock'),
    grant('self', 'lockdown', 'integrity confidentiality'),
    grant('self', 'association', 'sendto'),
    grant(
      'self',
      'unix_stream_socket',
      'ioctl read write create getattr setattr append bind connect listen accept getopt setopt shutdown',
    ),
    grant('proc_t', 'dir', 'getattr open search'),
    grant('proc_t', 'lnk_file', 'read getattr'),
    grant('sysctl_t', 'dir', 'getattr open search'),
    grant('sysctl_crypto_t', 'dir', 'ioctl read getattr lock open search'),
    grant('sysctl_crypto_t', 'file', 'ioctl read getattr lock open'),
    grant('sysfs_t', 'dir', 'getattr open search'),
    grant('cpu_online_t', 'file', 'ioctl read getattr lock open'),
    grant('device_t', 'dir', 'ioctl read getattr lock open search'),
    grant('device_t', 'lnk_file', 'read getattr'),
    grant('null_device_t', 'chr_file', 'ioctl read write getattr lock append open'),
    grant('zero_device_t', 'chr_file', 'ioctl read write getattr lock append open'),
    grant('urandom_device_t', 'chr_file', 'ioctl read getattr lock open'),
    grant('devtty_t', 'chr_file', 'ioctl read write getattr lock append open'),
    grant('root_t', 'dir', 'ioctl read getattr lock open search'),
    grant('root_t', 'lnk_file', 'ioctl read getattr lock'),
    grant('etc_t', 'dir', 'ioctl read getattr lock open search'),
    grant('usr_t', 'dir', 'getattr open search'),
    grant('lib_t', 'dir', 'ioctl read getattr lock open search'),
    grant('lib_t', 'lnk_file', 'read getattr'),
    grant('lib_t', 'file', 'ioctl read getattr map execute open'),
    grant('ld_so_t', 'file', 'ioctl read getattr map execute open'),
    grant('ld_so_t', 'lnk_file', 'read getattr'),
    grant('ld_so_cache_t', 'file', 'ioctl read getattr lock map open'),
    grant('textrel_shlib_t', 'file', 'ioctl read getattr map execute open execmod'),
    grant('var_t', 'dir', 'getattr open search'),
    grant('var_run_t', 'dir', 'ioctl read getattr lock open search'),
    grant('var_run_t', 'lnk_file', 'read getattr'),
  ],
};

/** Why the node's base may allow what the text does not; null when it does not, by this reading. */
export function leftToBase(
  policy: Policy,
  source: string,
  target: string,
  kind: string,
  permission: string,
): string | null {
  if (!policy.types.has(source)) return `rules of the node's base about ${source} are not in this text`;
  for (const { what, name, statement, into } of policy.missing) {
    const block = into === '' ? null : into;
    if (block === null || source.startsWith(`${block}.`) || target.startsWith(`${block}.`))
      return `${what} ${name} (line ${statement.list.line}) is the node's, its rules are not in this text`;
  }
  for (const attribute of policy.members.externalAttributesOf(source, policy.externalAttributes)) {
    const grants = attributes[attribute];
    if (grants === undefined) return `rules of the node's base about the attribute ${attribute} are not in this text`;
    const found = grants.find(
      (each) =>
        each.class === kind &&
        (each.target === 'self' ? source === target : each.target === target) &&
        each.permissions.includes(permission),
    );
    if (found !== undefined) return `the node's base may allow it to the attribute ${attribute}`;
  }
  return null;
}
