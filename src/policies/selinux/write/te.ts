/** A draft as a module for distributions without CIL blocks: `.te`, `.fc` and `.if`. */
import type { Draft, FileKind, Rule, TypeName } from '../generate/draft.ts';
import { pattern } from './words.ts';

const kinds: Readonly<Record<FileKind, string>> = {
  file: '--',
  dir: '-d',
  lnk_file: '-l',
  sock_file: '-s',
  fifo_file: '-p',
  chr_file: '-c',
  blk_file: '-b',
};

export function moduleText(draft: Draft, name: string, comments: readonly string[]): string {
  const word = (type: TypeName): string => typeWord(type, name);
  const rules = [...draft.allow, ...draft.dontaudit];
  const outside = new Set(
    [
      ...rules.flatMap(({ source, target }) => [source, target]),
      ...draft.transitions.flatMap(({ source, target }) => [source, target]),
    ].filter((each) => !each.startsWith('@')),
  );
  const classes = Map.groupBy(rules, (rule) => rule.class);
  const attributes = [
    'domain',
    ...(draft.files.length > 0 ? ['file_type'] : []),
    ...(draft.entries.length > 0 ? ['exec_type', 'entry_type'] : []),
    ...(draft.constrained ? ['mcs_constrained_type'] : []),
  ];
  const transitionClasses = draft.transitions.map((each) => each.class).filter((each) => !classes.has(each));
  const lines = [
    ...comments.map((each) => `# ${each}`),
    `module ${name} 1.0;`,
    '',
    'require {',
    ...attributes.map((each) => `\tattribute ${each};`),
    ...[...outside].toSorted().map((each) => `\ttype ${each};`),
    ...[...classes]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(
        ([kind, all]) =>
          `\tclass ${kind} { ${[...new Set(all.flatMap((rule) => rule.permissions))].toSorted().join(' ')} };`,
      ),
    ...[...new Set(transitionClasses)].toSorted().map((kind) => `\tclass ${kind} create;`),
    '\trole system_r;',
    '\trole object_r;',
    '}',
    '',
    ...draft.domains.flatMap((each) => [
      `type ${word(each)}, domain${draft.constrained ? ', mcs_constrained_type' : ''};`,
      `role system_r types ${word(each)};`,
      ...(draft.permissive ? [`permissive ${word(each)};`] : []),
    ]),
    ...draft.files.map(
      (each) => `type ${word(each)}, file_type${draft.entries.includes(each) ? ', exec_type, entry_type' : ''};`,
    ),
    '',
    ...draft.allow.map((rule) => ruleText('allow', rule, word)),
    ...draft.dontaudit.map((rule) => ruleText('dontaudit', rule, word)),
    ...draft.transitions.map(
      ({ source, target, class: kind, result }) =>
        `type_transition ${word(source)} ${word(target)}:${kind} ${word(result)};`,
    ),
    ...contextLines(draft, name).map((line) => `#fc ${line}`),
    '',
  ];
  return lines.join('\n');
}

/** File contexts, plain: as `semodule_package -f` wants them and the reference policy's Makefile takes them. */
export function contextsText(draft: Draft, name: string): string {
  return [...contextLines(draft, name), ''].join('\n');
}

function contextLines(draft: Draft, name: string): string[] {
  return draft.contexts.map(
    ({ path, below, class: kind, type }) =>
      `${pattern(path, below)}\t${kind === null ? '' : `${kinds[kind]}\t`}system_u:object_r:${typeWord(type, name)}:s0`,
  );
}

/** Interfaces for other modules: to start the program, to read and to manage what is its own. */
export function interfacesText(draft: Draft, name: string): string {
  const block = (verb: string, what: string, types: readonly string[], rules: readonly string[]): string =>
    [
      '########################################',
      '## <summary>',
      `##\t${what}`,
      '## </summary>',
      '## <param name="domain">',
      '##\t<summary>Domain that is allowed access</summary>',
      '## </param>',
      '#',
      `interface(\`${name}_${verb}',\``,
      '\tgen_require(`',
      `\t\ttype ${types.join(', ')};`,
      "\t')",
      '',
      ...rules.map((each) => `\t${each}`),
      "')",
    ].join('\n');
  const process = typeWord('@process', name);
  const found = [block('signal', `Send signals to ${name}`, [process], [`allow $1 ${process}:process signal;`])];
  for (const entry of draft.entries) {
    const type = typeWord(entry, name);
    if (entry === '@exec')
      found.push(
        block(
          'domtrans',
          `Start ${name} in its domain`,
          [process, type],
          [`domtrans_pattern($1, ${type}, ${process})`],
        ),
      );
  }
  if (draft.files.includes('@ro'))
    found.push(
      block(
        'read_files',
        `Read files of ${name}`,
        [`${name}_ro_t`],
        [`read_files_pattern($1, ${name}_ro_t, ${name}_ro_t)`],
      ),
    );
  if (draft.files.includes('@rw'))
    found.push(
      block(
        'manage_files',
        `Manage what ${name} writes`,
        [`${name}_rw_t`],
        [`manage_files_pattern($1, ${name}_rw_t, ${name}_rw_t)`],
      ),
    );
  return `## <summary>${name}</summary>\n\n${found.join('\n\n')}\n`;
}

function ruleText(
  kind: string,
  { source, target, class: of, permissions }: Rule,
  word: (type: TypeName) => string,
): string {
  const to = target === source || target === '@self' ? 'self' : word(target);
  return `${kind} ${word(source)} ${to}:${of} { ${permissions.join(' ')} };`;
}

function typeWord(type: TypeName, name: string): string {
  if (!type.startsWith('@')) return type;
  return type === '@process' ? `${name}_t` : `${name}_${type.slice(1)}_t`;
}
