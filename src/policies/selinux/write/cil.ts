/** A draft as CIL: a block of its own, or the inside of one. */
import type { Draft, FileKind, Rule, TypeName } from '../generate/draft.ts';
import { pattern } from './words.ts';

const kinds: Readonly<Record<FileKind, string>> = {
  file: 'file',
  dir: 'dir',
  lnk_file: 'symlink',
  sock_file: 'socket',
  fifo_file: 'pipe',
  chr_file: 'char',
  blk_file: 'block',
};

export function cilBlock(draft: Draft, name: string, comments: readonly string[]): string {
  return [
    ...comments.map((each) => `; ${each}`),
    `(block ${name}`,
    ...cilBody(draft).map((line) => (line === '' ? '' : `    ${line}`)),
    ')',
    '',
  ].join('\n');
}

export function cilBody(draft: Draft): string[] {
  const lines: string[] = draft.inherit.map((block) => `(blockinherit ${block})`);
  for (const domain of draft.domains) {
    const type = word(domain);
    // The inherited block declares the process itself.
    if (draft.inherit.length === 0 || domain !== '@process')
      lines.push(`(type ${type})`, `(roletype system_r ${type})`, `(typeattributeset domain (${type}))`);
    if (draft.constrained) lines.push(`(typeattributeset mcs_constrained_type (${type}))`);
    if (draft.permissive) lines.push(`(typepermissive ${type})`);
  }
  for (const each of draft.files) {
    lines.push(
      `(type ${word(each)})`,
      `(roletype object_r ${word(each)})`,
      `(typeattributeset file_type (${word(each)}))`,
    );
    if (draft.entries.includes(each))
      lines.push(`(typeattributeset exec_type (${word(each)}))`, `(typeattributeset entry_type (${word(each)}))`);
  }
  lines.push(
    ...draft.allow.map((rule) => ruleText('allow', rule)),
    ...draft.dontaudit.map((rule) => ruleText('dontaudit', rule)),
  );
  for (const { source, target, class: kind, result } of draft.transitions)
    lines.push(`(typetransition ${word(source)} ${word(target)} ${kind} ${word(result)})`);
  for (const { path, below, class: kind, type } of draft.contexts)
    lines.push(
      `(filecon "${pattern(path, below)}" ${kind === null ? 'any' : kinds[kind]} (system_u object_r ${word(type)} ((s0) (s0))))`,
    );
  return lines;
}

function ruleText(kind: string, { source, target, class: of, permissions }: Rule): string {
  const to = target === source || target === '@self' ? 'self' : word(target);
  return `(${kind} ${word(source)} ${to} (${of} (${permissions.join(' ')})))`;
}

function word(type: TypeName): string {
  return type.replace(/^@/, '');
}
