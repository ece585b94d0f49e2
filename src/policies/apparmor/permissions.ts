/** What a rule grants, one text each: the words in which verdicts and `explain` speak. */
import type {
  CapabilityRule,
  FileRule,
  Letter,
  LinkRule,
  MountRule,
  NetworkRule,
  PeerRule,
  ProfileRule,
} from './language/rules.ts';

/** In the word of the rule: what w and inheriting imply is granted by them. */
export function filePermission({ owner, path, exec, letters }: FileRule, asked: Letter): string {
  const own = owner ? 'owner ' : '';
  if (path.startsWith('link ')) return own + path;
  const letter = letters.has(asked) ? asked : asked === 'a' ? 'w' : 'x';
  return `${own}${path} ${letter === 'x' && exec !== null ? exec.text : letter}`;
}

export function linkPermission({ owner, link, existing }: LinkRule): string {
  return `${owner ? 'owner ' : ''}link ${link} -> ${existing}`;
}

export function capabilityPermission(name: string | null): string {
  return name === null ? 'capability' : `capability ${name}`;
}

export function networkPermission({ family, kind }: NetworkRule['pairs'][number]): string {
  return ['network', ...(family === null ? [] : [family]), ...(kind === null ? [] : [kind])].join(' ');
}

export function accessPermission({ type, peer }: PeerRule, access: string, signal: string | null): string {
  return `${type} (${access})${signal === null ? '' : ` set=(${signal})`}${peer === null ? '' : ` peer=${peer}`}`;
}

export function mountPermission({ type, source, target, fstypes, options }: MountRule): string {
  const types = fstypes === null ? '' : ` fstype=(${fstypes.map(({ pattern }) => pattern).join(', ')})`;
  const flags = options.map(({ exact, flags }) => ` options${exact ? '=' : ' in '}(${[...flags].join(', ')})`).join('');
  return `${type}${types}${flags}${source === null ? '' : ` ${source}`}${target === null ? '' : ` -> ${target}`}`;
}

/** All that a rule grants; nothing of what it denies. */
export function permissionsOf(rule: ProfileRule): string[] {
  if (rule.deny) return [];
  switch (rule.type) {
    case 'file':
      return [...rule.letters].map((letter) => filePermission(rule, letter));
    case 'link':
      return [linkPermission(rule)];
    case 'capability':
      return capabilitiesOf(rule);
    case 'network':
      return rule.pairs.map(networkPermission);
    case 'signal':
    case 'ptrace':
      return [...rule.accesses].flatMap((access) =>
        [...(rule.signals ?? [null])].map((signal) => accessPermission(rule, access, signal)),
      );
    case 'mount':
    case 'remount':
    case 'umount':
      return [mountPermission(rule)];
    case 'rlimit':
      // It takes, and grants nothing.
      return [];
    case 'pivot_root':
    case 'change_profile':
    case 'dbus':
      return [rule.type];
  }
}

function capabilitiesOf({ names }: CapabilityRule): string[] {
  return names === null ? [capabilityPermission(null)] : names.map(capabilityPermission);
}
