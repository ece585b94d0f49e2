/** A draft as the text of a profile. Patterns say what they were made from, and what they allow besides. */
import { printable } from '#observation/text.ts';
import { allDrafts, type Draft } from './draft.ts';
import type { FileRule } from './file-rules.ts';
import { type LinkRule, textOf } from './links.ts';
import { isOpen, toText, written } from './pattern.ts';

/** For containers: their root is a detached mount, and files may be deleted while they are open. */
const flags = ['attach_disconnected', 'mediate_deleted'];

export function write(draft: Draft, mode: 'enforce' | 'complain', from: string): string {
  const own = [...flags, ...(mode === 'complain' ? ['complain'] : [])];
  const head = [
    `# Written by kguardian from ${from}.`,
    ...legend(allDrafts(draft)),
    'abi <abi/3.0>,',
    'include <tunables/global>',
    '',
  ];
  return `${[...head, ...profile(draft, own, '')].join('\n')}\n`;
}

function profile(
  { name, files, targets, links, lines, children }: Draft,
  own: readonly string[],
  indent: string,
): string[] {
  const inside = [
    ...lines,
    '',
    ...files.map((rule) => `${fileLine(rule, targets)}${remark(rule)}`),
    ...links.map((rule) => `${textOf(rule)}${linkRemark(rule)}`),
  ].map((line) => (line === '' ? '' : `${indent}  ${line}`));
  const nested = children.flatMap((child) => ['', ...profile(child, own, `${indent}  `)]);
  return [`${indent}profile ${name} flags=(${own.join(',')}) {`, ...inside, ...nested, `${indent}}`];
}

function fileLine({ pattern, owner, letters, paths: [path = ''] }: FileRule, targets: Draft['targets']): string {
  const start = `${owner ? 'owner ' : ''}${written(pattern)}`;
  const target = letters.includes('x') ? targets.get(path) : undefined;
  const modes = letters.map((letter) => (letter === 'x' ? (target === undefined ? 'ix' : 'px') : letter)).join('');
  return `${start} ${modes}${target === undefined ? '' : ` -> ${target}`},`;
}

const besides: readonly (readonly [open: string, what: string])[] = [
  ['**', 'every path below'],
  ['*', 'every name that goes on so'],
  ['[0-9]*', 'every name that goes on with a digit'],
  ['[0-9a-f]*', 'every name that goes on with a hexadecimal digit'],
  ['[0-9A-Z]*', 'every name that goes on with a digit or a capital'],
  ['@{pid}', 'every process'],
  ['@{multiarch}', 'every architecture'],
];

/** What the patterns of a profile allow besides what was seen, once for all. */
function legend(drafts: readonly Draft[]): string[] {
  const patterns = drafts.flatMap(({ files, links }) => [
    ...files.map(({ pattern }) => pattern),
    ...links.flatMap(({ link, existing }) => [link, ...(existing === null ? [] : [existing])]),
  ]);
  const open = new Set(
    patterns.flatMap(({ pieces }) => pieces.flatMap((piece) => ('open' in piece ? piece.open : []))),
  );
  const told = besides.filter(([each]) => open.has(each)).map(([each, what]) => `#   ${each.padEnd(12)} ${what}`);
  return told.length === 0
    ? []
    : ['# Where a remark tells what was seen, a pattern stands, and besides allows:', ...told];
}

/** From what a pattern was made, and why. */
function remark({ pattern, paths }: FileRule): string {
  if (!isOpen(pattern) || pattern.reasons.length === 0) return '';
  const [first = ''] = paths;
  const example = printable(toText(first)).slice(0, 200);
  return ` # ${pattern.reasons.join(', ')}: ${paths.length === 1 ? example : `${paths.length} seen, such as ${example}`}`;
}

function linkRemark({ link, existing, example }: LinkRule): string {
  const reasons = [...new Set([...link.reasons, ...(existing?.reasons ?? [])])];
  return reasons.length === 0 ? '' : ` # ${reasons.join(', ')}: ${printable(toText(example)).slice(0, 200)}`;
}
