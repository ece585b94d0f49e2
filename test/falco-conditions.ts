/** Conditions of Falco rules as one text each, for an engine that knows neither lists nor macros, and is of 2022. */
import assert from 'node:assert/strict';
import { collect } from '#policies/falco/language/collect.ts';
import { Expander } from '#policies/falco/language/expand.ts';
import { readItems } from '#policies/falco/language/items.ts';

export interface Condition {
  readonly rule: string;
  readonly condition: string;
  readonly output: string;
}

/** Every rule's condition: lists and exceptions put in as loaders do, macros in brackets. */
export function conditions(rules: string): Condition[] {
  const collected = collect(readItems(rules));
  const expander = new Expander(collected);
  const lists = new Map([...collected.lists.values()].map(({ name, items }) => [name, items.join(', ')]));
  const inline = (text: string): string =>
    text.replaceAll(/(?<![^\s(),=])kguardian_\w+(?![^\s(),=])/g, (name) => {
      const macro = collected.macros.get(name);
      return macro === undefined
        ? (lists.get(name) ?? assert.fail(`${name} is neither list nor macro`))
        : inline(macro.condition);
    });
  return [...collected.rules.values()].map((rule) => {
    const { text } = expander.rule(rule);
    const own = `(${rule.condition})`;
    assert.ok(text.startsWith(own), text);
    // Exceptions name no macros, and what stands in them is put in already.
    return { rule: rule.name, condition: `${inline(own)}${text.slice(own.length)}`, output: rule.output };
  });
}

/** Newer than the engine of 2022: fields, and names of calls. */
export const newer = {
  fields: ['fs.path.name', 'fs.path.source', 'fs.path.target', 'proc.pexepath'],
  calls: [
    ...[
      'fsmount',
      'fsopen',
      'io_uring_setup',
      'ioperm',
      'iopl',
      'kcmp',
      'kexec_file_load',
      'memfd_create',
      'modify_ldt',
    ],
    ...['mount_setattr', 'move_mount', 'move_pages', 'open_by_handle_at', 'open_tree', 'pidfd_getfd'],
  ],
} as const;

/** A field of that engine which, in events of these types (absent: any), says what a newer one does. */
export interface Stand {
  readonly field: string;
  readonly types?: readonly string[];
}

/** What that engine can take of it; `left`: fields that others stand for here, and calls that were taken out. */
export function older(
  condition: string,
  instead: Readonly<Record<string, readonly Stand[]>>,
): { readonly condition: string; readonly left: readonly string[] } {
  const left: string[] = [];
  let text = condition;
  for (const field of newer.fields) {
    if (!text.includes(field)) continue;
    const check = new RegExp(
      `\\b${field.replaceAll('.', '\\.')} (exists|\\w+ \\((?:"[^"]*"|[^()"])*\\)|(?:\\w+|=) (?:"[^"]*"|[^() ]+))`,
      'g',
    );
    const stands = instead[field] ?? assert.fail(`nothing stands for ${field}`);
    text = text.replaceAll(check, (_, rest: string) => `(${stands.map((each) => checkOf(each, rest)).join(' or ')})`);
    assert.ok(!text.includes(field), text);
    left.push(field);
  }
  for (const call of newer.calls) {
    const whole = new RegExp(`(?<=[( ])${call}(, |(?=\\)))`, 'g');
    if (!whole.test(text)) continue;
    text = text.replaceAll(whole, '').replaceAll(', )', ')');
    left.push(call);
  }
  return { condition: text, left };
}

function checkOf({ field, types }: Stand, rest: string): string {
  return types === undefined ? `${field} ${rest}` : `(evt.type in (${types.join(', ')}) and ${field} ${rest})`;
}
