/**
 * What a rule's condition comes down to: exceptions written out, lists put in the place of their names, macros in that of
 * theirs. Loaders do the first two on the text, before anything is parsed, wherever a list's name stands between blanks,
 * brackets, commas or equals signs: within quotes too. So it is done here, since a value that holds such a name is
 * another condition than it looks like.
 */
import { UnreadableArtifact } from '../../kind.ts';
import type { Checked, Collected, List, Macro, Rule } from './collect.ts';
import { type Expression, readCondition } from './condition.ts';
import type { Entry } from './items.ts';
import { exceptionText, listOperators, quotedItem, replaceList, valueText } from './substitution.ts';

/** One value of an exception, or a row of them: what it grants. */
export interface Grant {
  readonly rule: string;
  readonly exception: string;
  /** `fd.name in /etc/hosts`. */
  readonly text: string;
  readonly expression: Expression;
}

export interface Expanded {
  readonly rule: Rule;
  readonly base: Expression;
  /** Each as a whole; empty where they cannot be told from the rest. */
  readonly exceptions: readonly Expression[];
  readonly grants: readonly Grant[];
  /** The condition as text with everything put in, as an engine's parser gets it; macros still by name. */
  readonly text: string;
}

export class Expander {
  readonly #lists: readonly { readonly name: string; readonly text: string }[];
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #items: ReadonlyMap<string, readonly string[]>;
  readonly #macros = new Map<string, Expression>();

  constructor({ lists, macros }: Pick<Collected, 'lists' | 'macros'>) {
    const all = [...lists.values()];
    const resolved = all.map((list) => ({ name: list.name, items: itemsOf(list, lists) }));
    this.#items = new Map(resolved.map(({ name, items }) => [name, items]));
    this.#lists = resolved.map(({ name, items }) => ({ name, text: items.map(quotedItem).join(', ') }));
    this.#numbers = new Map(all.map(({ name }, at) => [name, at]));
    const parsed = new Map([...macros.values()].map((each) => [each.name, this.#parsed(each.condition, each.where)]));
    // In their order: each may use those that were defined before it was touched last.
    for (const each of macros.values())
      this.#macros.set(each.name, this.#resolved(parsed.get(each.name), each, macros, parsed, new Set([each.name])));
  }

  rule(rule: Rule): Expanded {
    const where = `rule ${JSON.stringify(rule.name)}`;
    const base = this.#macroFree(this.#parsed(`(${rule.condition})`, where), where);
    const written = rule.exceptions.map((each) => exceptionText(each)).filter((each) => each !== '');
    const text = this.#withLists(`(${rule.condition})${written.map((each) => ` and not ${each}`).join('')}`);
    const whole = this.#macroFree(readCondition(text, where), where);
    const broken = { rule, base: whole, exceptions: [], grants: [], text };
    try {
      const built = rule.exceptions.flatMap((each) => this.#exception(each, where));
      const none = built.map((of): Expression => ({ type: 'not', of }));
      const expected: Expression = none.length === 0 ? base : { type: 'and', all: [base, ...none] };
      // A value that breaks out of its place makes another condition of it.
      if (JSON.stringify(whole) !== JSON.stringify(expected)) return broken;
      const grants = rule.exceptions.flatMap((each) => this.#grants(rule, each, where));
      return { rule, base, exceptions: built, grants, text };
    } catch (error) {
      // Together with what stands around it, it may still be read.
      if (error instanceof UnreadableArtifact) return broken;
      throw error;
    }
  }

  #parsed(condition: string, where: string): Expression {
    return readCondition(this.#withLists(condition), where);
  }

  #exception(each: Checked, where: string): Expression[] {
    const text = exceptionText(each);
    return text === '' ? [] : [this.#macroFree(this.#parsed(text, `${where}: ${each.name}`), where)];
  }

  #grants(rule: Rule, each: Checked, where: string): Grant[] {
    const rows = each.single
      ? each.values.flatMap((value) => (this.#items.get(value as string) ?? [value]).map((item) => [item]))
      : each.values.map((row) => row as readonly Entry[]);
    const fields = each.single ? [each.field] : each.fields;
    const comps = each.single ? [each.operator] : each.operators;
    return rows.flatMap((row) =>
      this.#spread(row, comps).map((one): Grant => {
        const value = (at: number): string =>
          each.single ? `(${quotedItem(String(one[at]))})` : valueText(one[at] ?? '', comps[at] ?? '');
        const text = fields.map((field, at) => `${field} ${comps[at]} ${value(at)}`).join(' and ');
        const expression = this.#macroFree(this.#parsed(`(${text})`, `${where}: ${each.name}`), where);
        return { rule: rule.name, exception: each.name, text: shown(expression), expression };
      }),
    );
  }

  /** One row for each value of its last list, so that each is a grant of its own. */
  #spread(row: readonly Entry[], comps: readonly string[]): Entry[][] {
    const last = row.length - 1;
    const value = row[last];
    if (!listOperators.includes(comps[last] ?? '') || value === undefined) return [[...row]];
    const values = typeof value === 'string' ? (this.#items.get(value) ?? [value]) : value;
    return values.flatMap((each) =>
      (typeof each === 'string' ? (this.#items.get(each) ?? [each]) : [each]).map((item) => [
        ...row.slice(0, last),
        item,
      ]),
    );
  }

  /** In the lists' order; what one puts in may name a later one. */
  #withLists(condition: string): string {
    let text = condition;
    const open = new Set(this.#named(text));
    for (let last = -1; ; ) {
      const next = Math.min(...[...open].filter((each) => each > last));
      const list = this.#lists[next];
      if (list === undefined) return text;
      text = replaceList(text, list.name, list.text);
      for (const each of this.#named(list.text)) open.add(each);
      last = next;
    }
  }

  /** Numbers of the lists whose names stand in the text. */
  #named(text: string): number[] {
    return text.split(/[ \t\n\r(),=]+/).flatMap((token) => this.#numbers.get(token) ?? []);
  }

  #resolved(
    expression: Expression | undefined,
    macro: Macro,
    macros: ReadonlyMap<string, Macro>,
    parsed: ReadonlyMap<string, Expression>,
    open: ReadonlySet<string>,
  ): Expression {
    if (expression === undefined) throw new UnreadableArtifact(macro.where, `macro ${macro.name} is not known`);
    return substituted(expression, (name) => {
      const other = macros.get(name);
      if (open.has(name)) throw new UnreadableArtifact(macro.where, `macro ${name} is made of itself`);
      if (other === undefined || other.index >= macro.seen)
        throw new UnreadableArtifact(macro.where, `macro ${name} is not defined before ${macro.name}`);
      return (
        this.#macros.get(name) ?? this.#resolved(parsed.get(name), other, macros, parsed, new Set([...open, name]))
      );
    });
  }

  #macroFree(expression: Expression, where: string): Expression {
    return substituted(expression, (name) => {
      const found = this.#macros.get(name);
      if (found === undefined) throw new UnreadableArtifact(where, `macro ${name} is not defined`);
      return found;
    });
  }
}

function substituted(expression: Expression, macro: (name: string) => Expression): Expression {
  switch (expression.type) {
    case 'macro':
      return macro(expression.name);
    case 'not':
      return { type: 'not', of: substituted(expression.of, macro) };
    case 'and':
    case 'or':
      return { type: expression.type, all: expression.all.map((each) => substituted(each, macro)) };
    default:
      return expression;
  }
}

/** An item that is an earlier list's name stands for that one's items. */
function itemsOf(list: List, lists: ReadonlyMap<string, List>): readonly string[] {
  return list.items.flatMap((item) => {
    const other = lists.get(item);
    return other !== undefined && other.index < list.seen ? other.items : [item];
  });
}

/** What was read, which need not be what seems to stand there. */
function shown(expression: Expression): string {
  switch (expression.type) {
    case 'and':
    case 'or':
      return expression.all.map(shown).join(` ${expression.type} `);
    case 'not':
      return `not (${shown(expression.of)})`;
    case 'macro':
      return expression.name;
    case 'exists':
      return `${expression.left.field} exists`;
    case 'check': {
      const { left, operator, right } = expression;
      const field = left.argument === null ? left.field : `${left.field}[${left.argument}]`;
      const value = 'field' in right ? right.field : right.length === 1 ? right[0] : `(${right.join(', ')})`;
      return `${field} ${operator} ${value}`;
    }
  }
}
