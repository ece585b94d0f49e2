/**
 * A draft as an AppArmorProfile of the Security Profiles Operator (v1). It has four lists of paths and three switches: what
 * does not fit is told, and what fits only wider is told too.
 */
import { stringify } from 'yaml';
import { objectName } from '#kubernetes/names.ts';
import type { Draft } from './draft.ts';
import type { FileRule } from './file-rules.ts';
import type { Letter } from './needs.ts';
import { type Pattern, written } from './pattern.ts';

export type OperatorObject =
  | { readonly type: 'object'; readonly text: string; readonly wider: readonly string[] }
  | { readonly type: 'unsayable'; readonly reasons: readonly string[] };

type List = 'allowedExecutables' | 'allowedLibraries' | 'readOnlyPaths' | 'writeOnlyPaths' | 'readWritePaths';

export function operatorObject(draft: Draft, own: string, mode: 'enforce' | 'complain'): OperatorObject {
  const reasons: string[] = [];
  const wider: string[] = [];
  if (draft.children.length > 0) reasons.push('programs with profiles of their own');
  if (draft.links.length > 0) reasons.push('hard links');
  const { capabilities, tcp, udp } = switches(draft.lines, reasons, wider);
  const lists = new Map<List, string[]>();
  for (const [path, rules] of Map.groupBy(draft.files, ({ pattern }) => pathOf(pattern) ?? written(pattern))) {
    const [first] = rules;
    if (first === undefined || pathOf(first.pattern) === null) reasons.push(`the path ${path}`);
    else {
      const list = listFor(new Set(rules.flatMap(({ letters }) => letters)));
      if (list === null) reasons.push(`${path} ${rules.flatMap(({ letters }) => letters).join('')}`);
      else lists.set(list, [...(lists.get(list) ?? []), path]);
    }
  }
  if (reasons.length > 0) return { type: 'unsayable', reasons };
  wider.push(...widenings(draft.files));
  const list = (name: List): Record<string, readonly string[]> => {
    const all = lists.get(name);
    return all === undefined ? {} : { [name]: all.toSorted() };
  };
  const abstract = {
    ...(capabilities.length === 0 ? {} : { capability: { allowedCapabilities: capabilities } }),
    executable: { ...list('allowedExecutables'), ...list('allowedLibraries') },
    filesystem: { ...list('readOnlyPaths'), ...list('writeOnlyPaths'), ...list('readWritePaths') },
    ...(tcp || udp
      ? { network: { allowedProtocols: { ...(tcp ? { allowTcp: true } : {}), ...(udp ? { allowUdp: true } : {}) } } }
      : {}),
  };
  const object = {
    apiVersion: 'security-profiles-operator.x-k8s.io/v1',
    kind: 'AppArmorProfile',
    metadata: { name: objectName(own) },
    spec: { abstract, mode: mode === 'complain' ? 'Complain' : 'Enforce' },
  };
  return { type: 'object', text: stringify(object, { lineWidth: 0 }), wider };
}

function switches(
  lines: readonly string[],
  reasons: string[],
  wider: string[],
): { capabilities: string[]; tcp: boolean; udp: boolean } {
  const capabilities = lines.flatMap((line) => /^capability (.*),$/.exec(line)?.[1] ?? []);
  const has = (kind: string): string[] =>
    ['inet', 'inet6'].filter((family) => lines.includes(`network ${family} ${kind},`));
  for (const kind of ['stream', 'dgram'])
    if (has(kind).length === 1) wider.push(`network ${kind} of both inet and inet6`);
  for (const line of lines) {
    // abstractions/base, which the operator takes along, has the rest.
    const known =
      /^(capability .*|network inet6? (stream|dgram)|network unix \w+|signal \((send, )?receive\) peer=.*|ptrace \(read, readby\) peer=@\{profile_name\}),$/;
    if (!known.test(line)) reasons.push(line.replace(/,$/, ''));
  }
  return { capabilities, tcp: has('stream').length > 0, udp: has('dgram').length > 0 };
}

/** Null where no list allows these letters together and little else. */
function listFor(letters: ReadonlySet<Letter>): List | null {
  const only = (allowed: string): boolean => [...letters].every((letter) => allowed.includes(letter));
  if (letters.has('x')) return only('xrm') ? 'allowedExecutables' : null;
  if (letters.has('m')) return only('rm') ? 'allowedLibraries' : null;
  if (only('r')) return 'readOnlyPaths';
  if (!letters.has('r')) return only('wak') && !only('k') ? 'writeOnlyPaths' : null;
  return letters.has('w') || letters.has('a') ? 'readWritePaths' : null;
}

/** Classes of characters are not among what the operator lets through: any character stands for them. */
function pathOf({ pieces }: Pattern): string | null {
  const text = pieces
    .map((piece) => ('open' in piece ? piece.open.replace(/^\[[^\]]*\]/, '?') : piece.literal))
    .join('');
  const literals = pieces.flatMap((piece) => ('literal' in piece ? piece.literal : []));
  const plain = literals.every((each) => /^[a-zA-Z0-9_./+ -]*$/.test(each));
  return plain ? text : null;
}

function widenings(files: readonly FileRule[]): string[] {
  const owned = files.filter(({ owner }) => owner).length;
  const classes = files.filter(({ pattern }) =>
    pattern.pieces.some((piece) => 'open' in piece && piece.open.startsWith('[')),
  ).length;
  const written = files.filter(({ letters }) => letters.includes('w')).length;
  return [
    ...(owned > 0 ? [`owner is lost in ${owned} rules`] : []),
    ...(classes > 0 ? [`any character stands for a digit in ${classes} paths`] : []),
    ...(written > 0 ? ['what may be written may also be linked and locked'] : []),
    'what abstractions/base of the node allows',
  ];
}
