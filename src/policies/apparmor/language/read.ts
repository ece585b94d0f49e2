/**
 * The text of AppArmor profiles, as apparmor_parser 3.0 reads it for a 6.1 kernel. What newer parsers know besides
 * (userns, io_uring, mqueue, all) is refused, as this one does.
 */
import { UnreadableArtifact } from '../../kind.ts';
import { type Qualifiers, type Reading, refusing, words } from './reading.ts';
import { readFileRule, readLinkRule } from './read-files.ts';
import { readCapability, readMount, readNetwork, readPeer, readRlimit, readUnix } from './read-rules.ts';
import type { Profile, ProfileFile, ProfileRule } from './rules.ts';
import { Scanner } from './scanner.ts';
import { Variables } from './variables.ts';

const flags =
  /^(enforce|complain|kill|unconfined|audit|mediate_deleted|delegate_deleted|attach_disconnected|no_attach_disconnected|chroot_relative|chroot_attach|chroot_no_attach|namespace_relative)$/;

export function readProfiles(text: string): ProfileFile {
  const scanner = new Scanner(text);
  const variables = new Variables();
  const profiles: Profile[] = [];
  const foreign: string[] = [];
  let abi: string | null = null;
  for (scanner.skip(); !scanner.ended; scanner.skip()) {
    const include = readInclude(scanner);
    if (include !== null) {
      if (!variables.include(include)) foreign.push(include);
    } else if (scanner.take(/abi(?=[ \t<"])/y) !== null) {
      abi = scanner.expect(/<[^>\n]*>|"[^"\n]*"/y, 'the name of an abi').slice(1, -1);
      scanner.endOfRule();
    } else if (scanner.peek(/@\{/y) !== null) declare(scanner, variables);
    else if (scanner.peek(/alias\s/y) !== null) scanner.fail('alias rules are not modelled');
    else profiles.push(readProfile(scanner, variables, '', foreign));
  }
  if (profiles.length === 0) throw new UnreadableArtifact('', 'no profile in it');
  const names = allOf(profiles).map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new UnreadableArtifact('', `two profiles are called ${JSON.stringify(twice)}`);
  return { abi, profiles };
}

export function allOf(profiles: readonly Profile[]): Profile[] {
  return profiles.flatMap((each) => [each, ...allOf(each.children)]);
}

function readInclude(scanner: Scanner): string | null {
  if (scanner.take(/#?include(?=[ \t<"])/y) === null) return null;
  scanner.take(/if\s+exists(?=[ \t<"])/y);
  return scanner.expect(/<[^>\n]*>|"[^"\n]*"/y, 'the name of a file').slice(1, -1);
}

function declare(scanner: Scanner, variables: Variables): void {
  const name = scanner.expect(/@\{[A-Za-z][A-Za-z0-9_]*\}/y, 'a variable').slice(2, -1);
  const adds = scanner.expect(/\+?=/y, '= or +=') === '+=';
  const values: string[] = [];
  for (scanner.skipBlanks(); !scanner.atLineEnd; scanner.skipBlanks()) values.push(scanner.word().pattern);
  refusing(scanner, () => variables.declare(name, values, adds));
}

function readProfile(scanner: Scanner, variables: Variables, parent: string, foreign: readonly string[]): Profile {
  const { where } = scanner;
  const hat = scanner.take(/\^|hat(?=\s)/y) !== null;
  const named = hat || scanner.take(/profile(?=[\s"])/y) !== null;
  const { raw, pattern } = scanner.word('{(');
  if (!named && !/^[/@"]/.test(raw)) scanner.fail(`expected a profile, found ${JSON.stringify(raw)}`);
  const own = refusing(scanner, () => variables.expand(pattern, {}))[0] ?? pattern;
  const name = (parent === '' ? '' : `${parent}//`) + own.replaceAll(/\\(.)/g, '$1');
  while (scanner.peek(/\{|flags|\(|xattrs/y) === null) scanner.word('{(');
  if (scanner.peek(/xattrs/y) !== null) scanner.fail('attachment by extended attributes is not modelled');
  const given = scanner.take(/(flags\s*=\s*)?\(/y) === null ? [] : words(scanner);
  for (const flag of given) if (!flags.test(flag)) scanner.fail(`no flag ${JSON.stringify(flag)} is known`);
  scanner.expect(/\{/y, 'an opening brace');
  const rules: ProfileRule[] = [];
  const children: Profile[] = [];
  const includes: string[] = [...foreign];
  const expand = (text: string): string[] =>
    refusing(scanner, () => variables.expand(text, { profile_name: quotedPattern(name) }));
  const body = (outer: { deny: boolean; owner: boolean }): void => {
    for (; scanner.take(/\}/y) === null; ) {
      if (scanner.ended) scanner.fail('a closing brace is missing');
      const include = readInclude(scanner);
      if (include !== null) includes.push(include);
      else if (scanner.peek(/profile(?=[\s"])|\^|hat(?=\s)/y) !== null)
        children.push(readProfile(scanner, variables, name, foreign));
      else {
        const qualifiers = { ...readQualifiers(scanner, outer), where: scanner.where };
        if (scanner.take(/\{(?=\s)/y) !== null) {
          if (qualifiers.deny) scanner.fail('deny takes no block');
          body(qualifiers);
        } else rules.push(readRule({ scanner, expand }, qualifiers));
      }
    }
  };
  body({ deny: false, owner: false });
  return { name, where, end: scanner.offset - 1, flags: given, hat, rules, includes, children };
}

function readQualifiers(scanner: Scanner, outer: { deny: boolean; owner: boolean }): { deny: boolean; owner: boolean } {
  let { deny, owner } = outer;
  for (;;) {
    const word = scanner.take(/(audit|allow|deny|owner|other)(?=[\s"/@{])/y);
    if (word === null) return { deny, owner };
    if (word === 'other') scanner.fail('other is not modelled');
    if (word === 'deny') deny = true;
    if (word === 'owner') owner = true;
  }
}

function readRule(reading: Reading, qualifiers: Qualifiers): ProfileRule {
  const { scanner } = reading;
  const word = scanner.peek(/[a-z_]+(?=[\s,(=]|$)/y);
  const fileOnly = qualifiers.owner;
  const rule = ((): ProfileRule | null => {
    switch (fileOnly ? null : word) {
      case 'capability':
        return readCapability(reading, qualifiers);
      case 'network':
        return readNetwork(reading, qualifiers);
      case 'unix':
        return readUnix(reading, qualifiers);
      case 'signal':
      case 'ptrace':
        return readPeer(reading, qualifiers, word as 'signal' | 'ptrace');
      case 'mount':
      case 'remount':
      case 'umount':
        return readMount(reading, qualifiers, word as 'mount' | 'remount' | 'umount');
      case 'set':
        return readRlimit(reading, qualifiers);
      case 'pivot_root':
      case 'change_profile':
      case 'dbus':
        return readOther(reading, qualifiers, word as 'pivot_root' | 'change_profile' | 'dbus');
      default:
        return null;
    }
  })();
  if (rule !== null) return rule;
  return word === 'link' ? readLinkRule(reading, qualifiers) : readFileRule(reading, qualifiers);
}

/** Read past: no question is asked of these. */
function readOther(
  { scanner }: Reading,
  { where, deny }: Qualifiers,
  type: 'pivot_root' | 'change_profile' | 'dbus',
): ProfileRule {
  scanner.expect(/[a-z_]+/y, type);
  while (scanner.peek(/,/y) === null) if (scanner.take(/[()=]|->/y) === null) scanner.word('()=');
  scanner.endOfRule();
  return { type, where, deny };
}

/** A name as a pattern of itself. */
function quotedPattern(name: string): string {
  return name.replaceAll(/[*?[\]{}^,\\]/g, '\\$&');
}
