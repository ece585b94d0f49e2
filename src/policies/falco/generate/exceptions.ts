/** Exceptions from values: a list of its own for what stands for itself, a row for each pattern. */
import type { ExceptionDraft } from './draft.ts';
import { quoted } from './names.ts';
import type { List } from './shared.ts';
import type { Values } from './values.ts';

export interface Listed {
  readonly exceptions: readonly ExceptionDraft[];
  readonly lists: readonly List[];
}

/** `name` becomes the list's name with the workload's `id`. `types`: the calls that alone are meant. */
export function listed(
  name: string,
  id: string,
  field: string,
  { literal, patterns }: Values,
  types: readonly string[] | null = null,
): Listed {
  const list: List = { name: listName(name, id), items: literal.map(quoted) };
  const exceptions: ExceptionDraft[] = [];
  const row = (value: string): (string | readonly string[])[] => (types === null ? [value] : [types, value]);
  const fields = types === null ? [field] : ['evt.type', field];
  const comps = (operator: string): string[] => (types === null ? [operator] : ['in', operator]);
  if (literal.length > 0)
    exceptions.push(
      types === null
        ? { name, fields: field, comps: 'in', values: [list.name] }
        : { name, fields, comps: comps('in'), values: [row(list.name)] },
    );
  if (patterns.length > 0) {
    const values = patterns.map(({ text }) => row(`"${text}"`));
    exceptions.push({ name: `${name}_patterns`, fields, comps: comps('glob'), values });
  }
  return { exceptions, lists: literal.length > 0 ? [list] : [] };
}

function listName(name: string, id: string): string {
  return `kguardian_${name}_of_${id}`;
}

/** The list of what was seen to run. */
export function programsList(id: string): string {
  return listName('programs', id);
}

/** Sentences about what is wider than what was seen. */
export function widenings(what: string, patterns: Values['patterns']): string[] {
  return patterns.map(
    ({ text, reasons, from }) =>
      `${what}: ${JSON.stringify(text)} stands for ${from} ${from === 1 ? 'name' : 'names'} that ${from === 1 ? 'was' : 'were'} seen, and for others (${reasons.join(', ')})`,
  );
}
