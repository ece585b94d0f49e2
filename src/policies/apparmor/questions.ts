/**
 * What Linux 6.1 asks AppArmor when a container does what was observed.
 *
 * - Opening with O_APPEND asks for a, other writing for w; so do making, removing, truncating, chmod and chown.
 * - A renamed file is read and written, its new name written. Directories end with a slash.
 * - The program that the runtime starts is not asked for: it sets the profile for that very exec.
 * - A new file belongs to the process that makes it.
 */
import type { ObservationOf } from '#observation/observation.ts';
import type { Observation } from '#observation/observation.ts';
import { encodeText } from '#observation/text.ts';
import type { Letter } from './language/rules.ts';
import { signalWord } from './language/words.ts';

/** `own` as a peer: the profile itself. `runtime`: whoever stops containers. */
export type Ask =
  | { readonly op: 'file'; readonly path: string; readonly letters: readonly Letter[]; readonly owner: boolean | null }
  | { readonly op: 'link-target'; readonly path: string; readonly owner: boolean | null }
  | { readonly op: 'unclear'; readonly reason: string }
  | { readonly op: 'capability'; readonly name: string }
  | { readonly op: 'network'; readonly family: string; readonly kind: string }
  | {
      readonly op: 'signal';
      readonly direction: 'send' | 'receive';
      readonly signal: string;
      readonly peer: 'own' | 'unconfined';
    }
  | { readonly op: 'ptrace'; readonly access: string; readonly peer: 'own' | 'unconfined' }
  | {
      readonly op: 'mount';
      readonly source: string;
      readonly targets: readonly string[];
      readonly fstype: string;
      readonly flags: readonly string[];
    }
  | { readonly op: 'umount'; readonly targets: readonly string[] }
  | { readonly op: 'rlimit'; readonly resource: string; readonly hard: number | null };

/** All of these must be allowed; none: the kernel does not ask. */
export function questions(observation: Observation): Ask[] {
  if (!('phase' in observation) || observation.phase !== 'program') return [];
  switch (observation.type) {
    case 'file':
      return fileQuestions(observation);
    case 'exec':
      // Nobody of the container started it: the runtime did.
      return observation.program === null
        ? []
        : [{ op: 'file', path: bytes(observation.path), letters: ['x'], owner: null }];
    case 'capability':
      // The kernel's own check comes first, and what it refuses is not asked again.
      return observation.granted
        ? [{ op: 'capability', name: observation.name.slice('CAP_'.length).toLowerCase() }]
        : [];
    case 'socket':
      return [{ op: 'network', family: observation.family, kind: observation.kind }];
    case 'flow':
      return 'ip' in observation.peer ? connectionQuestions(observation.protocol, observation.peer.ip) : [];
    case 'listen':
      return connectionQuestions(observation.protocol, observation.ip);
    case 'signal':
      return signalQuestions(observation);
    case 'ptrace':
      return ptraceQuestions(observation);
    case 'mount': {
      const { source, fstype, flags } = observation;
      const target = bytes(observation.target);
      return [
        {
          op: 'mount',
          source: bytes(source),
          targets: [target.replace(/\/?$/, '/'), target],
          fstype: bytes(fstype),
          flags,
        },
      ];
    }
    case 'rlimit':
      return [{ op: 'rlimit', resource: observation.resource, hard: observation.hard }];
    default:
      return [];
  }
}

const lettersOf: Readonly<Record<string, readonly Letter[]>> = {
  ...{
    read: ['r'],
    list: ['r'],
    'map-executable': ['m'],
    lock: ['k'],
    'link-to': ['l'],
    append: ['a'],
    execute: ['x'],
  },
  ...{ write: ['w'], create: ['w'], truncate: ['w'], mkdir: ['w'], unlink: ['w'], rmdir: ['w'], symlink: ['w'] },
  ...{ mknod: ['w'], chmod: ['w'], chown: ['w'], 'rename-from': ['r', 'w'], 'rename-to': ['w'] },
};

function fileQuestions({ path, access, resolution, kind, owner, program }: ObservationOf<'file'>): Ask[] {
  // A mount is told of whole elsewhere; and a program that runs was seen being started.
  if (access === 'mount' || (access === 'execute' && program === path)) return [];
  if (resolution === 'detached') return [];
  if (resolution !== 'exact')
    return [{ op: 'unclear', reason: `the path is ${resolution}: what it leads to is not known` }];
  // No kernel says such a path.
  if (!path.startsWith('/') || path.includes('\0')) return [];
  const making = ['mkdir', 'symlink', 'mknod'].includes(access);
  const owned = making ? true : owner;
  const plain = bytes(path);
  const folder = plain === '/' ? plain : `${plain}/`;
  if (access === 'unmount') return [{ op: 'umount', targets: [folder, plain] }];
  if (access === 'link-from') return [{ op: 'link-target', path: plain, owner: owned }];
  const asked = (each: string): Ask => ({ op: 'file', path: each, letters: lettersOf[access] ?? [], owner: owned });
  if (kind === 'directory' || ['list', 'mkdir', 'rmdir'].includes(access) || plain === '/') return [asked(folder)];
  const either = kind === 'unknown' && ['rename-from', 'rename-to', 'chmod', 'chown'].includes(access);
  return either ? [asked(plain), asked(folder)] : [asked(plain)];
}

/** TCP and UDP alone tell which type of socket it was. */
function connectionQuestions(protocol: string, ip: string): Ask[] {
  const kind = protocol === 'tcp' ? 'stream' : protocol === 'udp' ? 'dgram' : null;
  return kind === null ? [] : [{ op: 'network', family: ip.includes(':') ? 'inet6' : 'inet', kind }];
}

function signalQuestions({ direction, signal, other }: ObservationOf<'signal'>): Ask[] {
  const word = signalWord(signal);
  if (other.type === 'outside') return [{ op: 'signal', direction, signal: word, peer: 'unconfined' }];
  return (['send', 'receive'] as const).map((each) => ({ op: 'signal', direction: each, signal: word, peer: 'own' }));
}

function ptraceQuestions({ direction, access, other }: ObservationOf<'ptrace'>): Ask[] {
  const [tracing, traced] = access === 'read' ? ['read', 'readby'] : ['trace', 'tracedby'];
  // Whoever is not confined traces without being asked.
  if (other.type === 'outside')
    return direction === 'traced' ? [] : [{ op: 'ptrace', access: tracing, peer: 'unconfined' }];
  return [tracing, traced].map((each) => ({ op: 'ptrace', access: each, peer: 'own' }));
}

/** A string as bytes, one character each. */
export function bytes(text: string): string {
  return Array.from(encodeText(text), (byte) => String.fromCharCode(byte)).join('');
}
