/**
 * CIL without its blocks, inheritance, macros and conditions: what is declared, and the statements with the scope in
 * which their names mean something. In the order of secilc 3.4: tunables, `in`, inheritance, `in after`, calls.
 */
import { UnreadableArtifact } from '../../kind.ts';
import { type Expression, type List, symbol, textOf } from './expressions.ts';
import { type Argument, declare, globalScope, key, lookUp, type Scope, type Space, within } from './names.ts';

export interface Statement {
  readonly list: List;
  readonly scope: Scope;
  readonly optionals: readonly string[];
  /** Conditions on booleans that must all hold. */
  readonly conditions: readonly Condition[];
  /** False for what the base says. */
  readonly own: boolean;
}
export interface Condition {
  readonly expression: Expression;
  readonly holds: boolean;
  readonly scope: Scope;
}
/** What only the node knows: a block or macro that no given text has. */
export interface Missing {
  readonly what: 'block' | 'macro';
  readonly name: string;
  readonly statement: Statement;
  /** The block that inherits or calls, `shop`. */
  readonly into: string;
}

export interface Expanded {
  readonly root: Scope;
  readonly statements: readonly Statement[];
  readonly missing: readonly Missing[];
}

interface Context {
  readonly scope: Scope;
  readonly optionals: readonly string[];
  readonly conditions: readonly Condition[];
  readonly own: boolean;
  /** Inherited, or brought by a macro. */
  readonly copied: boolean;
  /** Within an abstract block: declared, but no part of the policy. */
  readonly abstract: boolean;
  /** Where in the whole this stands: the key of an optional block. */
  readonly at: string;
}

const spaces: Readonly<Record<string, Space>> = {
  block: 'block',
  macro: 'block',
  type: 'type',
  typealias: 'type',
  typeattribute: 'type',
  class: 'class',
  common: 'other',
  classmap: 'class',
  classpermission: 'permission',
  boolean: 'boolean',
  tunable: 'tunable',
};
/** Parameters of macros, by the flavour that their declaration gives. */
const flavours: Readonly<Record<string, Space>> = {
  type: 'type',
  typealias: 'type',
  class: 'class',
  classpermission: 'permission',
  bool: 'boolean',
  tunable: 'tunable',
};
const deepest = 200;

/** `disabled`: optional blocks that do not resolve. `fails` hears of statements that cannot be: it throws, or notes their optional block. */
export function expand(
  texts: readonly { readonly statements: readonly List[]; readonly own: boolean }[],
  disabled: ReadonlySet<string>,
  fails: (statement: Statement, why: string) => void,
  open: boolean,
): Expanded {
  const root = globalScope();
  const statements: Statement[] = [];
  const missing: Missing[] = [];
  const queues = { tunableif: [], before: [], blockinherit: [], after: [], call: [] } as Record<
    string,
    [Statement, Context][]
  >;

  function walk(items: readonly Expression[], context: Context): void {
    if (context.at.split('.').length > deepest)
      throw new UnreadableArtifact('', 'blocks or macros within one another without end');
    for (const [index, list] of items.entries()) {
      if (list.type !== 'list') continue;
      visit(list, { ...context, at: `${context.at}.${index}` });
    }
  }

  function visit(list: List, context: Context): void {
    const { scope, optionals, conditions, own } = context;
    const statement: Statement = { list, scope, optionals, conditions, own };
    const word = symbol(list, 0) ?? '';
    const name = symbol(list, 1) ?? '';
    const space = spaces[word];
    if (space !== undefined) {
      const sort =
        word === 'typeattribute'
          ? 'attribute'
          : word === 'typealias'
            ? 'alias'
            : word === 'block' || word === 'macro' || word === 'type'
              ? word
              : 'plain';
      if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name) && own && word !== 'typeattribute')
        return fails(statement, `${JSON.stringify(name)} is no name`);
      const inner =
        word === 'block' ? within(scope, { block: name, abstract: context.abstract || isAbstract(list) }) : scope;
      const made = declare(scope, space, name, { sort, statement: list, scope: inner, optionals });
      if (made === null) {
        // Inherited blocks and macros may meet others of their name; anything else not even an optional block saves.
        const there = lookUp(scope, space, name);
        if (context.copied && sort === 'macro') return;
        if (context.copied && sort === 'block' && there !== null && 'sort' in there)
          return walk(list.items.slice(2), { ...context, scope: there.scope });
        throw new UnreadableArtifact(`line ${list.line}`, `${name} is declared twice`);
      }
      if (word === 'block') walk(list.items.slice(2), { ...context, scope: inner, abstract: inner.abstract });
      else if (word !== 'macro' && word !== 'type' && !context.abstract) statements.push(statement);
      return;
    }
    if (word === 'optional') {
      if (!disabled.has(context.at)) walk(list.items.slice(2), { ...context, optionals: [...optionals, context.at] });
    } else if (context.abstract) {
      // Its statements count where it is inherited.
    } else if (word === 'booleanif') {
      for (const branch of list.items.slice(2)) {
        if (branch.type !== 'list') continue;
        const condition = { expression: list.items[1] ?? list, holds: symbol(branch, 0) === 'true', scope };
        walk(branch.items.slice(1), {
          ...context,
          at: `${context.at}.${symbol(branch, 0)}`,
          conditions: [...conditions, condition],
        });
      }
    } else if (word === 'in') {
      const when = ['before', 'after'].includes(name) ? name : 'before';
      queues[when]?.push([statement, context]);
    } else if (['tunableif', 'blockinherit', 'call'].includes(word)) queues[word]?.push([statement, context]);
    else if (word !== 'blockabstract') statements.push(statement);
  }

  const act: Readonly<Record<string, (statement: Statement, context: Context) => void>> = {
    tunableif(statement, context) {
      const { list, scope } = statement;
      const value = truthOf(list.items[1], (name) => tunable(scope, name));
      if (value === null) return fails(statement, `a tunable of ${textOf(list.items[1] ?? list)} is not declared`);
      for (const branch of list.items.slice(2))
        if (branch.type === 'list' && symbol(branch, 0) === String(value)) walk(branch.items.slice(1), context);
    },
    before(statement, context) {
      const named = ['before', 'after'].includes(symbol(statement.list, 1) ?? '') ? 2 : 1;
      const name = symbol(statement.list, named) ?? '';
      const block = lookUp(statement.scope, 'block', name);
      if (block === null || !('sort' in block)) return absent('block', name, statement);
      const inside = { ...context, scope: within(block.scope, {}) };
      const body = statement.list.items.slice(named + 1);
      // What is added after inheritance is not inherited.
      if (symbol(statement.list, 1) !== 'after')
        additions.set(block.statement, [...(additions.get(block.statement) ?? []), body]);
      if (!block.scope.abstract) walk(body, inside);
    },
    blockinherit(statement, context) {
      const name = symbol(statement.list, 1) ?? '';
      const block = lookUp(statement.scope, 'block', name);
      if (block === null || !('sort' in block) || block.sort !== 'block') return absent('block', name, statement);
      if (block.statement.items.some((each) => each.type === 'list' && symbol(each, 0) === 'in'))
        return fails(statement, `${name} holds an in statement, which cannot be inherited`);
      const inside = { ...context, copied: true, scope: within(statement.scope, { origin: block.scope.parent }) };
      walk(block.statement.items.slice(2), inside);
      for (const [index, more] of (additions.get(block.statement) ?? []).entries())
        walk(more, { ...inside, at: `${context.at}.in${index}` });
    },
    call(statement, context) {
      const name = symbol(statement.list, 1) ?? '';
      const macro = lookUp(statement.scope, 'block', name);
      if (macro === null || !('sort' in macro) || macro.sort !== 'macro') return absent('macro', name, statement);
      const parameters = macro.statement.items[2];
      const given = statement.list.items[2];
      const values = given?.type === 'list' ? given.items : [];
      const formal = parameters?.type === 'list' ? parameters.items : [];
      if (formal.length !== values.length) return fails(statement, `${name} takes ${formal.length} arguments`);
      const passed = new Map<string, Argument>();
      for (const [index, each] of formal.entries()) {
        const value = values[index];
        if (each.type === 'list' && value !== undefined)
          passed.set(symbol(each, 1) ?? '', {
            space: flavours[symbol(each, 0) ?? ''] ?? 'other',
            value,
            scope: statement.scope,
          });
      }
      const body = macro.statement.items.slice(3);
      const declared = new Set(
        body.flatMap((each) =>
          each.type === 'list' ? key(spaces[symbol(each, 0) ?? ''] ?? 'other', symbol(each, 1) ?? '') : [],
        ),
      );
      walk(body, {
        ...context,
        copied: true,
        scope: within(statement.scope, { origin: macro.scope, arguments: passed, declaredByMacro: declared }),
      });
    },
  };
  const additions = new Map<List, (readonly Expression[])[]>();

  function absent(what: Missing['what'], name: string, statement: Statement): void {
    if (!open) return fails(statement, `no ${what} ${JSON.stringify(name)} is declared`);
    // By the convention of container policies (udica) the inherited block declares the type of the process.
    const { list, scope, optionals } = statement;
    if (what === 'block') declare(scope, 'type', 'process', { sort: 'type', statement: list, scope, optionals });
    missing.push({ what, name, statement, into: statement.scope.owner.prefix.slice(0, -1) });
  }

  for (const [index, { statements: all, own }] of texts.entries())
    walk(all, { scope: root, optionals: [], conditions: [], own, abstract: false, copied: false, at: String(index) });
  // What one pass brings to light may bring more of the same, and of those before it.
  const order = ['tunableif', 'before', 'blockinherit', 'after', 'call'];
  for (let pass = 0; pass < order.length; ) {
    const word = order[pass] ?? '';
    const due = queues[word]?.shift();
    if (due === undefined) pass += 1;
    else {
      act[word === 'after' ? 'before' : word]?.(...due);
      pass = order.findIndex((each) => (queues[each]?.length ?? 0) > 0 && order.indexOf(each) <= pass);
      if (pass < 0) pass = order.indexOf(word);
    }
  }
  return { root, statements, missing };
}

function isAbstract(block: List): boolean {
  return block.items.some((each) => each.type === 'list' && symbol(each, 0) === 'blockabstract');
}

function tunable(scope: Scope, name: string): boolean | null {
  const found = lookUp(scope, 'tunable', name);
  return found === null || !('sort' in found) ? null : symbol(found.statement, 2) === 'true';
}

/** The value of a boolean expression; null where a name has none. */
export function truthOf(expression: Expression | undefined, value: (name: string) => boolean | null): boolean | null {
  if (expression === undefined) return null;
  if (expression.type === 'atom')
    return expression.text === 'true' ? true : expression.text === 'false' ? false : value(expression.text);
  const [first, ...rest] = expression.items;
  const word = first?.type === 'atom' ? first.text : '';
  if (expression.items.length === 1) return truthOf(first, value);
  const values = rest.map((each) => truthOf(each, value));
  const [a, b] = values;
  if (a === null || a === undefined || values.includes(null)) return null;
  if (word === 'not') return !a;
  if (b === null || b === undefined) return null;
  if (word === 'and') return a && b;
  if (word === 'or') return a || b;
  if (word === 'xor' || word === 'neq') return a !== b;
  return word === 'eq' ? a === b : null;
}
