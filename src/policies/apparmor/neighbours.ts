/** Questions beside what profiles allow: other accesses to the same files, files beside them, all capabilities and families. */
import { decodeText } from '#observation/text.ts';
import type { Glob } from './language/glob.ts';
import type { Profile } from './language/rules.ts';
import { capabilities, families, socketKinds } from './language/words.ts';
import type { Query } from './query.ts';

const sensitive = [
  '/etc/shadow',
  '/root/.ssh/id_rsa',
  '/proc/sys/kernel/core_pattern',
  '/sys/kernel/uevent_helper',
  '/dev/mem',
];

export function* neighbours(profiles: readonly Profile[]): Generator<{ query: Query; label: string }> {
  for (const profile of profiles) {
    const paths = new Set(sensitive);
    for (const rule of profile.rules) {
      if (rule.type !== 'file') continue;
      for (const glob of rule.globs) {
        const text = decodeText(Uint8Array.from(exampleOf(glob), (char) => char.charCodeAt(0)));
        for (const each of [text, `${text}x`, text.replace(/[^/]*\/?$/, ''), text.replace(/\/?$/, '/x')])
          if (each.startsWith('/')) paths.add(each);
      }
    }
    const named = { profile: profile.name };
    for (const path of [...paths].toSorted())
      for (const perms of ['r', 'w', 'm', 'x'])
        yield { query: { op: 'file', ...named, path, perms, owner: true }, label: `${path} ${perms}` };
    for (const name of capabilities) yield { query: { op: 'capability', ...named, name }, label: `capability ${name}` };
    for (const family of families)
      for (const type of socketKinds)
        yield { query: { op: 'network', ...named, family, type }, label: `network ${family} ${type}` };
  }
}

/** A text that is like the pattern: its first alternatives, with an x for what is open. */
function exampleOf({ literal, pattern }: Glob): string {
  if (literal !== null) return literal;
  let text = pattern;
  for (let before = ''; before !== text; ) {
    before = text;
    text = text.replaceAll(/(?<!\\)\{([^{},]*)(,[^{}]*)?\}/g, '$1');
  }
  return text
    .replaceAll(/(?<!\\)\[\^?(.)[^\]]*\]/g, '$1')
    .replaceAll(/(?<!\\)[*?]+/g, 'x')
    .replaceAll(/\\(.)/g, '$1');
}
