/**
 * A profile with what a log says that it lacks: the very paths, sockets and peers that were refused, and nothing wider.
 * In complain mode the lines say ALLOWED and mean the same.
 */
import type { Denial } from '#observation/denial.ts';
import type { Refined } from '../kind.ts';
import { evaluator } from './evaluate.ts';
import { literal, toBytes, written } from './generate/pattern.ts';
import { allOf, readProfiles } from './language/read.ts';
import { capabilities, families, signalWords, socketKinds } from './language/words.ts';
import { query, type Query } from './query.ts';

/** A rule to add, and the questions that it must answer. */
interface Addition {
  readonly line: string;
  readonly permission: string;
  readonly queries: readonly object[];
}

export function refine(text: string, denials: readonly Denial[]): Refined {
  const profiles = new Map(allOf(readProfiles(text).profiles).map((profile) => [profile.name, profile]));
  const before = evaluator(text);
  const left = new Map<string, number>();
  const leave = (reason: string, { count }: Denial): void => void left.set(reason, (left.get(reason) ?? 0) + count);
  const lines = new Map<string, Set<string>>();
  const counts = new Map<string, number>();
  for (const denial of denials) {
    // In complain mode a program that no rule starts runs on under a profile made up for it; with the rule, under this one.
    const name = (denial.fields['profile'] ?? '').replace(/\/\/null-.*$/s, '');
    if (denial.framework !== 'apparmor') leave('not of AppArmor', denial);
    else if (!profiles.has(name)) leave('of another profile', denial);
    else {
      const found = additionFor(denial.fields);
      if (typeof found === 'string') leave(found, denial);
      else if (asked(found, name).every((each) => before.answer(each).verdict === 'allow'))
        leave('allowed already', denial);
      else {
        lines.set(name, (lines.get(name) ?? new Set()).add(found.line));
        counts.set(found.permission, (counts.get(found.permission) ?? 0) + denial.count);
      }
    }
  }
  const refined = inserted(
    text,
    [...lines].map(([name, all]) => ({ at: profiles.get(name)?.end ?? 0, lines: [...all].toSorted() })),
  );
  // What we wrote must be readable.
  readProfiles(refined);
  return {
    text: refined,
    additions: sorted(counts).map(([permission, count]) => ({ permission, count })),
    left: sorted(left).map(([reason, count]) => ({ reason, count })),
  };
}

function asked({ queries }: Addition, profile: string): Query[] {
  return queries.map((each) => query.parse({ ...each, profile }));
}

function sorted(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** Before the closing brace of each profile, on lines of their own. */
function inserted(text: string, additions: readonly { at: number; lines: readonly string[] }[]): string {
  let result = text;
  for (const { at, lines } of additions.toSorted((a, b) => b.at - a.at)) {
    const lineStart = text.lastIndexOf('\n', at - 1) + 1;
    const indent = /^[ \t]*$/.test(text.slice(lineStart, at)) ? text.slice(lineStart, at) : null;
    const start = indent === null ? at : lineStart;
    const block = lines.map((line) => `${indent ?? ''}  ${line}\n`).join('');
    result = `${result.slice(0, start)}${indent === null ? '\n' : ''}${block}${result.slice(start)}`;
  }
  return result;
}

type Fields = Readonly<Record<string, string>>;

/** The rule, or why there is none. */
function additionFor(fields: Fields): Addition | string {
  const { operation = '', capname, family, signal, name } = fields;
  if (operation === 'capable') return capabilityRule(capname ?? '');
  if (operation === 'signal') return signalRule(fields, signal ?? '');
  if (operation === 'ptrace') return ptraceRule(fields);
  if (family !== undefined) return networkRule(family, fields['sock_type'] ?? '');
  if (/mount|pivotroot|profile|rlimit|hat/.test(operation)) return `${operation} needs a rule that is written by hand`;
  if (name === undefined) return `${operation === '' ? 'the line' : operation} names no file`;
  return fileRule(fields, name);
}

function capabilityRule(name: string): Addition | string {
  if (!capabilities.includes(name)) return `no capability ${JSON.stringify(name)} is known`;
  return { line: `capability ${name},`, permission: `capability ${name}`, queries: [{ op: 'capability', name }] };
}

function networkRule(family: string, kind: string): Addition | string {
  if (!families.includes(family) || !socketKinds.includes(kind)) return `no socket ${family} ${kind} is known`;
  const permission = `network ${family} ${kind}`;
  return { line: `${permission},`, permission, queries: [{ op: 'network', family, type: kind }] };
}

/** The words of masks are the language's own; several stand with blanks between. */
function signalRule({ denied_mask: mask = '', peer = '' }: Fields, signal: string): Addition | string {
  const directions = mask.split(/\s+/).filter((each) => each === 'send' || each === 'receive');
  if (!signalWords.has(signal) || peer === '' || directions.length === 0) return 'the line of a signal is not whole';
  const permission = `signal (${directions.join(', ')}) set=(${signal}) peer=${written(literal(toBytes(peer)))}`;
  const queries = directions.map((direction) => ({ op: 'signal', direction, signal, peer }));
  return { line: `${permission},`, permission, queries };
}

function ptraceRule({ denied_mask: mask = '', peer = '' }: Fields): Addition | string {
  const accesses = mask.split(/\s+/).filter((each) => /^(read|trace|readby|tracedby)$/.test(each));
  if (accesses.length === 0 || peer === '') return 'the line of tracing is not whole';
  const permission = `ptrace (${accesses.join(', ')}) peer=${written(literal(toBytes(peer)))}`;
  return { line: `${permission},`, permission, queries: accesses.map((access) => ({ op: 'ptrace', access, peer })) };
}

/** Letters of masks → permissions: making and removing are w. */
const lettersOf: Readonly<Record<string, string>> = { r: 'r', w: 'w', a: 'a', c: 'w', d: 'w', k: 'k', m: 'm', x: 'x' };

function fileRule({ denied_mask: mask = '', target, fsuid, ouid }: Fields, name: string): Addition | string {
  // Without attach_disconnected a name may be no path.
  if (!name.startsWith('/')) return 'a file without a path from the root';
  const path = written(literal(toBytes(name)));
  const own = fsuid !== undefined && fsuid === ouid;
  const owner = own ? 'owner ' : '';
  if (mask.includes('l')) {
    if (target === undefined || !target.startsWith('/')) return 'a link that does not tell what it leads to';
    const permission = `${owner}link ${path} -> ${written(literal(toBytes(target)))}`;
    return {
      line: `${permission},`,
      permission,
      queries: [
        { op: 'link-target', path: target, owner: own },
        { op: 'file', path: name, perms: 'l', owner: own },
      ],
    };
  }
  const letters = new Set(mask.split('').map((letter) => lettersOf[letter] ?? ''));
  if (letters.has('') || letters.size === 0) return `permissions ${JSON.stringify(mask)} are not known`;
  if (letters.has('w')) letters.delete('a');
  const all = [...letters].toSorted().join('');
  const permission = `${owner}${path} ${all.replace('x', 'ix')}`;
  return { line: `${permission},`, permission, queries: [{ op: 'file', path: name, perms: all, owner: own }] };
}
