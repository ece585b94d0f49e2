/** The kernel's words for the numbers of the operations sensor: without their prefixes, in lower case. */

/** AF_ constants of linux/socket.h, up to Linux 6.18, by number. */
const families = [
  ...['unspec', 'unix', 'inet', 'ax25', 'ipx', 'appletalk', 'netrom', 'bridge', 'atmpvc', 'x25', 'inet6', 'rose'],
  ...['decnet', 'netbeui', 'security', 'key', 'netlink', 'packet', 'ash', 'econet', 'atmsvc', 'rds', 'sna', 'irda'],
  ...['pppox', 'wanpipe', 'llc', 'ib', 'mpls', 'can', 'tipc', 'bluetooth', 'iucv', 'rxrpc', 'isdn', 'phonet'],
  ...['ieee802154', 'caif', 'alg', 'nfc', 'vsock', 'kcm', 'qipcrtr', 'smc', 'xdp', 'mctp'],
];

export function familyName(number: number): string {
  return families[number] ?? `family-${number}`;
}

/** SOCK_ constants: linux/net.h. */
const kinds: Readonly<Record<number, string>> = {
  1: 'stream',
  2: 'dgram',
  3: 'raw',
  4: 'rdm',
  5: 'seqpacket',
  6: 'dccp',
  10: 'packet',
};

export function socketKind(number: number): string {
  return kinds[number] ?? `kind-${number}`;
}

/** RLIMIT_ constants of asm-generic/resource.h by number; x86_64 and arm64 have no others. */
const resources = [
  ...['cpu', 'fsize', 'data', 'stack', 'core', 'rss', 'nproc', 'nofile', 'memlock', 'as', 'locks', 'sigpending'],
  ...['msgqueue', 'nice', 'rtprio', 'rttime'],
];

export function resourceName(number: number): string {
  return resources[number] ?? String(number);
}

const infinity = 0xffff_ffff_ffff_ffffn;

/** Null for RLIM_INFINITY; undefined for a limit that no number of ours holds exactly. */
export function limit(value: bigint): number | null | undefined {
  if (value === infinity) return null;
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : undefined;
}

/** MS_ constants of linux/mount.h, by bit. */
const mountFlags: readonly (readonly [bit: bigint, word: string])[] = [
  ...['rdonly', 'nosuid', 'nodev', 'noexec', 'synchronous', 'remount', 'mandlock', 'dirsync', 'nosymfollow'],
  ...['flag-9', 'noatime', 'nodiratime', 'bind', 'move', 'rec', 'silent', 'posixacl', 'unbindable', 'private'],
  ...['slave', 'shared', 'relatime', 'kernmount', 'i_version', 'strictatime', 'lazytime'],
].map((word, at) => [1n << BigInt(at), word]);

/** What callers wrote there before Linux 2.4 asks for nothing. */
const magicMask = 0xffff_0000n;
const magic = 0xc0ed_0000n;

/** Sorted; a bit that has no word is `flag-<its number>`. */
export function mountFlagWords(flags: bigint): string[] {
  const asked = (flags & magicMask) === magic ? flags & ~magicMask : flags;
  const words = mountFlags.filter(([bit]) => asked & bit).map(([, word]) => word);
  for (let at = BigInt(mountFlags.length); at < 64n; at += 1n) if (asked & (1n << at)) words.push(`flag-${at}`);
  return words.toSorted();
}

/** With one of these the kernel does not read the file system type. */
const deciding = new Set(['remount', 'bind', 'move', 'shared', 'private', 'slave', 'unbindable']);

export function typeDecides(words: readonly string[]): boolean {
  return !words.some((word) => deciding.has(word));
}

/** MNT_ flags of a mount itself, by their MS_ words. `relatime` is there unasked. */
const attributes: readonly (readonly [bit: bigint, word: string])[] = [
  [0x01n, 'nosuid'],
  [0x02n, 'nodev'],
  [0x04n, 'noexec'],
  [0x08n, 'noatime'],
  [0x10n, 'nodiratime'],
  [0x40n, 'rdonly'],
  [0x80n, 'nosymfollow'],
];

/** Of what was mounted by a handle, which is a move to who asks: sorted. */
export function attributeWords(flags: bigint): string[] {
  return [...attributes.filter(([bit]) => flags & bit).map(([, word]) => word), 'move'].toSorted();
}
