/** What programs did with files → rules that tell of other files. */
import type { Claim } from '#baseline/baseline.ts';
import { type ClaimOf, ofType } from './activities.ts';
import type { Changing } from './changing.ts';
import type { Drafted, ExceptionDraft, RuleDraft } from './draft.ts';
import { listed, widenings } from './exceptions.ts';
import { isRuntimeSocket, isSensitive, type List, macros, socketName } from './shared.ts';
import { type Values, valuesOf } from './values.ts';

const opening = ['write', 'append', 'create', 'truncate'];
const changed = ['unlink', 'rmdir', 'mkdir', 'chmod', 'chown'];
/** Calls that make a name of another, and the field that has the name made. */
const made = [
  { access: 'rename-to', name: 'renamed', field: 'fs.path.target', types: ['rename', 'renameat', 'renameat2'] },
  { access: 'link-to', name: 'linked', field: 'fs.path.source', types: ['link', 'linkat'] },
  { access: 'symlink', name: 'symlinked', field: 'fs.path.source', types: ['symlink', 'symlinkat'] },
] as const;

export function files(claims: readonly Claim[], id: string, changing: Changing | null, fold: number): Drafted {
  const all = ofType(claims, 'file').filter(isSayable);
  const plain = all.filter(({ kind }) => kind !== 'socket');
  const paths = (of: readonly ClaimOf<'file'>[], accesses: readonly string[]): Set<string> =>
    new Set(of.filter(({ access }) => accesses.includes(access)).flatMap(namesFor));
  const written = valuesOf(paths(plain, opening), changing, fold);
  const removed = valuesOf(paths(all, changed), changing, fold, 'left out');
  const read = [...paths(plain, ['read'])].filter(isSensitive);
  const reached = [
    ...paths(
      all.filter(({ kind }) => kind === 'socket'),
      ['write'],
    ),
  ].filter(isRuntimeSocket);
  const sensitive = valuesOf(read, changing, null);
  const rules: RuleDraft[] = [
    {
      title: 'Unexpected file written',
      desc: 'A file was opened for writing that was not seen to be written when this workload was recorded',
      macro: macros.written,
      priority: 'ERROR',
      tags: ['filesystem', 'mitre_persistence', 'T1543'],
      output: { file: 'fd.name', command: 'proc.cmdline' },
      ...listed('written', id, 'fd.name', written),
    },
    changes(all, id, changing, fold, removed),
    {
      title: 'Unexpected sensitive file read',
      desc: 'A file with secrets, or of the kernel or the node, was read that was not seen to be read when this workload was recorded',
      macro: macros.sensitive,
      priority: 'WARNING',
      tags: ['filesystem', 'mitre_credential_access', 'T1552'],
      output: { file: 'fd.name', command: 'proc.cmdline' },
      ...listed('read', id, 'fd.name', sensitive),
    },
    {
      title: 'Unexpected runtime socket reached',
      desc: 'The socket of a container engine was connected to',
      macro: macros.socketReached,
      priority: 'CRITICAL',
      tags: ['container', 'mitre_privilege_escalation', 'T1610', 'T1611'],
      output: { socket: 'fd.name', command: 'proc.cmdline' },
      exceptions: endings(reached),
      lists: [],
    },
  ];
  const notes = [
    ...widenings('written files', written.patterns),
    ...widenings('changed paths', removed.patterns),
    ...widenings('sensitive files', sensitive.patterns),
  ];
  return { rules, notes };
}

function endings(sockets: readonly string[]): ExceptionDraft[] {
  const values = [...new Set(sockets)].toSorted().map((path) => [`"${socketName(path)}"`]);
  return values.length === 0 ? [] : [{ name: 'sockets', fields: ['fd.name'], comps: ['endswith'], values }];
}

function changes(
  all: readonly ClaimOf<'file'>[],
  id: string,
  changing: Changing | null,
  fold: number,
  removed: Values,
): RuleDraft {
  const own = listed('changed', id, 'fs.path.name', removed);
  const exceptions: ExceptionDraft[] = [...own.exceptions];
  const lists: List[] = [...own.lists];
  for (const { access, name, field, types } of made) {
    const values = valuesOf(all.filter((each) => each.access === access).flatMap(namesFor), changing, fold, 'left out');
    const found = listed(name, id, field, values, types);
    lists.push(...found.lists);
    exceptions.push(...found.exceptions);
  }
  return {
    title: 'Unexpected path changed',
    desc: 'A file or folder was made, removed, renamed, linked or given away that was not seen to be when this workload was recorded',
    macro: macros.changed,
    priority: 'NOTICE',
    tags: ['filesystem', 'mitre_defense_evasion', 'T1070', 'T1222'],
    output: { path: 'fs.path.name', source: 'fs.path.source', target: 'fs.path.target', command: 'proc.cmdline' },
    exceptions,
    lists,
  };
}

/** A path that a program could have written so. */
function isSayable({ path, resolution }: ClaimOf<'file'>): boolean {
  return (resolution === 'exact' || resolution === 'literal') && path.startsWith('/') && !path.includes('\0');
}

/** Falco compares what the program wrote; links that every container has lead to the same file by other names. */
function namesFor({ path, resolution }: ClaimOf<'file'>): string[] {
  if (resolution !== 'exact') return [path];
  const current = path.replace(/\/\.\.\d{4}_[0-9_.]+(?=\/)/, '');
  const through = path.replace(/\/\.\.\d{4}_[0-9_.]+(?=\/)/, '/..data');
  return [...new Set([path, current, through])].flatMap((name) => [
    name,
    ...(name.startsWith('/run/') ? [`/var${name}`] : []),
    ...(name.startsWith('/run/lock/') ? [name.replace('/run/lock/', '/var/lock/')] : []),
    ...(/^\/proc\/\d+\//.test(name)
      ? ['self', 'thread-self'].map((own) => name.replace(/^\/proc\/\d+/, `/proc/${own}`))
      : []),
  ]);
}
