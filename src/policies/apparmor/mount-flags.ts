/** Words of mount options → MS_ constants, in lower case without the prefix. Words that clear a flag name none. */
const constants: Readonly<Record<string, readonly string[]>> = {
  ro: ['rdonly'],
  sync: ['synchronous'],
  mand: ['mandlock'],
  acl: ['posixacl'],
  iversion: ['i_version'],
  rbind: ['bind', 'rec'],
  rprivate: ['private', 'rec'],
  rslave: ['slave', 'rec'],
  rshared: ['shared', 'rec'],
  runbindable: ['unbindable', 'rec'],
  'make-private': ['private'],
  'make-slave': ['slave'],
  'make-shared': ['shared'],
  'make-unbindable': ['unbindable'],
  'make-rprivate': ['private', 'rec'],
  'make-rslave': ['slave', 'rec'],
  'make-rshared': ['shared', 'rec'],
  'make-runbindable': ['unbindable', 'rec'],
};
const clearing =
  /^(rw|suid|dev|exec|async|nomand|atime|diratime|loud|noacl|norelatime|noiversion|user|nouser|verbose)$/;

export function flagsOf(words: Iterable<string>): Set<string> {
  return new Set([...words].flatMap((word) => (clearing.test(word) ? [] : (constants[word] ?? [word]))));
}
