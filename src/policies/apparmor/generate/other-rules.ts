/** Facts about everything but files → lines of a profile. What the language has no word for is told apart. */
import type { Claim } from '#baseline/baseline.ts';
import { literal, toBytes, written } from './pattern.ts';

/** Words of apparmor_parser 3.0. */
const families =
  `unix inet ax25 ipx appletalk netrom bridge atmpvc x25 inet6 rose netbeui security key netlink packet ash econet atmsvc
  rds sna irda pppox wanpipe llc ib mpls can tipc bluetooth iucv rxrpc isdn phonet ieee802154 caif alg nfc vsock kcm
  qipcrtr smc xdp mctp`.split(/\s+/);
const kinds = ['stream', 'dgram', 'seqpacket', 'rdm', 'raw', 'packet'];
const signals =
  `hup int quit ill trap abrt bus fpe kill usr1 segv usr2 pipe alrm term stkflt chld cont stop stp ttin ttou urg xcpu
  xfsz vtalrm prof winch io pwr sys`.split(/\s+/);
const newest = 40;

export interface Lines {
  readonly lines: ReadonlySet<string>;
  /** Claims that no rule can allow. */
  readonly unsayable: ReadonlySet<Claim>;
}

/** `peer`: how the container's own processes are called in rules. */
export function otherLines(claims: readonly Claim[], peer: string): Lines {
  const lines = new Set<string>();
  const unsayable = new Set<Claim>();
  for (const claim of claims) {
    const found = linesOf(claim, peer);
    if (found === null) unsayable.add(claim);
    else for (const line of found) lines.add(line);
  }
  return { lines, unsayable };
}

/** Null: there is no such rule. */
function linesOf(claim: Claim, peer: string): string[] | null {
  switch (claim.type) {
    case 'capability': {
      const word = claim.name.slice('CAP_'.length).toLowerCase();
      return !claim.granted ? [] : /^\d+$/.test(word) && Number(word) > newest ? null : [`capability ${word},`];
    }
    case 'socket':
      return families.includes(claim.family) && kinds.includes(claim.kind)
        ? [`network ${claim.family} ${claim.kind},`]
        : null;
    case 'flow':
      return 'ip' in claim.peer ? connection(claim.protocol, claim.peer.ip) : [];
    case 'listen':
      return connection(claim.protocol, claim.ip);
    case 'signal':
      // Its own processes may signal one another, and the runtime them, in every profile.
      return claim.other.type === 'outside' && claim.direction === 'send'
        ? [`signal (send) set=(${signalWord(claim.signal)}) peer=unconfined,`]
        : [];
    case 'ptrace': {
      const [tracing, traced] = claim.access === 'read' ? ['read', 'readby'] : ['trace', 'tracedby'];
      if (claim.other.type !== 'outside') return [`ptrace (${tracing}, ${traced}) peer=${peer},`];
      return claim.direction === 'trace' ? [`ptrace (${tracing}) peer=unconfined,`] : [];
    }
    case 'mount':
      return mountLine(claim);
    case 'file':
      return claim.access === 'unmount'
        ? [`umount ${written(literal(`${toBytes(claim.path).replace(/\/$/, '')}/`))},`]
        : [];
    default:
      return [];
  }
}

function signalWord(number: number): string {
  return signals[number - 1] ?? `rtmin+${number - 32}`;
}

/** A flow tells the family by its address; the type only where the protocol has one type alone. */
function connection(protocol: string, ip: string): string[] {
  const kind = protocol === 'tcp' ? 'stream' : protocol === 'udp' ? 'dgram' : null;
  return kind === null ? [] : [`network ${ip.includes(':') ? 'inet6' : 'inet'} ${kind},`];
}

const mountWords: Readonly<Record<string, string>> = {
  ...{ rdonly: 'ro', synchronous: 'sync', mandlock: 'mand', posixacl: 'acl', i_version: 'iversion' },
  ...{ nosuid: 'nosuid', nodev: 'nodev', noexec: 'noexec', remount: 'remount', dirsync: 'dirsync', noatime: 'noatime' },
  ...{
    nodiratime: 'nodiratime',
    bind: 'bind',
    move: 'move',
    silent: 'silent',
    relatime: 'relatime',
    strictatime: 'strictatime',
  },
  ...{ unbindable: 'unbindable', private: 'private', slave: 'slave', shared: 'shared' },
};
const recursive = ['bind', 'unbindable', 'private', 'slave', 'shared'];

function mountLine({ source, target, fstype, flags }: Extract<Claim, { type: 'mount' }>): string[] | null {
  const rest = flags.filter((flag) => flag !== 'rec');
  const words = rest.map((flag) => {
    const word = mountWords[flag];
    return word !== undefined && flags.includes('rec') && recursive.includes(flag) ? `r${word}` : word;
  });
  const lost = flags.includes('rec') && !rest.some((flag) => recursive.includes(flag));
  if (words.includes(undefined) || lost || !target.startsWith('/') || !/^[a-z0-9_.-]*$/.test(fstype)) return null;
  const options = words.length === 0 ? ' options=(rw)' : ` options=(${words.join(', ')})`;
  const type = fstype === '' ? '' : ` fstype=(${fstype})`;
  const from = source === '' ? '' : ` ${written(literal(toBytes(source)))}`;
  const to = written(literal(`${toBytes(target).replace(/\/+$/, '')}/`));
  return [`mount${type}${options}${from} -> ${to},`];
}

/** The highest limit that was set for each resource; none for one that was ever set to infinity. */
export function rlimitLines(claims: readonly Claim[]): string[] {
  const set = claims.filter((claim) => claim.type === 'rlimit');
  return [...Map.groupBy(set, ({ resource }) => resource)].flatMap(([resource, all]) => {
    const most = all.map(({ hard }) => hard);
    if (most.includes(null) || resource === 'nice') return [];
    return [`set rlimit ${resource} <= ${Math.max(...most.map(Number))}${resource === 'rttime' ? 'us' : ''},`];
  });
}
