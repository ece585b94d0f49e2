/** Constraints, and the levels that most of them are about: who may act on whom although a rule allows it. */
import type { Statement } from './expand.ts';
import { type Expression, type List, symbol, textOf } from './expressions.ts';
import type { Scope } from './names.ts';
import { type ClassPermissions, classPermissions, type Names, typeSet, Unresolved, words } from './resolve.ts';
import type { Members, Truth, TypeSet } from './sets.ts';

export interface Level {
  readonly sensitivity: number;
  readonly categories: ReadonlySet<number>;
}
/** A context as the kernel has it: `user:role:type:low-high`. */
export interface Context {
  readonly user: string;
  readonly role: string;
  readonly type: string;
  readonly low: Level;
  readonly high: Level;
}
export interface Levels {
  readonly sensitivities: readonly string[];
  readonly categories: readonly string[];
}
type Operand = { readonly part: 'u' | 'r' | 't' | 'l' | 'h'; readonly of: 1 | 2 };
type Test =
  | { readonly op: 'and' | 'or'; readonly all: readonly Test[] }
  | { readonly op: 'not'; readonly a: Test }
  | { readonly op: 'compare'; readonly word: string; readonly a: Operand; readonly b: Operand }
  | {
      readonly op: 'in';
      readonly word: string;
      readonly a: Operand;
      readonly names: readonly string[];
      readonly types: TypeSet | null;
    };
export interface Constraint {
  readonly classes: readonly ClassPermissions[];
  readonly test: Test;
  readonly text: string;
}

export function constraint(list: List, scope: Scope, names: Names): Constraint {
  return {
    classes: classPermissions(list.items[1], scope, names),
    test: testOf(list.items[2], scope, names),
    text: textOf(list),
  };
}

function testOf(expression: Expression | undefined, scope: Scope, names: Names): Test {
  if (expression?.type !== 'list') throw new Unresolved('a constraint is an expression');
  const word = symbol(expression, 0) ?? '';
  const [, a, b] = expression.items;
  if (word === 'not') return { op: 'not', a: testOf(a, scope, names) };
  if (word === 'and' || word === 'or') return { op: word, all: [testOf(a, scope, names), testOf(b, scope, names)] };
  const left = operand(a);
  if (left === null || b === undefined) throw new Unresolved(`${textOf(expression)} compares nothing`);
  const right = operand(b);
  if (right !== null) return { op: 'compare', word, a: left, b: right };
  const types = left.part === 't' ? typeSet(b, scope, names) : null;
  return { op: 'in', word, a: left, types, names: b.type === 'atom' ? [b.text] : words(b) };
}

function operand(expression: Expression | undefined): Operand | null {
  const found = expression?.type === 'atom' ? /^([urtlh])([12])$/.exec(expression.text) : null;
  return found === null ? null : { part: found[1] as Operand['part'], of: found[2] === '1' ? 1 : 2 };
}

export function satisfied(test: Test, source: Context, target: Context, members: Members): Truth {
  const of = (which: 1 | 2): Context => (which === 1 ? source : target);
  switch (test.op) {
    case 'not': {
      const inner = satisfied(test.a, source, target, members);
      return inner === 'unknown' ? inner : inner === 'yes' ? 'no' : 'yes';
    }
    case 'and':
    case 'or': {
      const all = test.all.map((each) => satisfied(each, source, target, members));
      const decisive = test.op === 'and' ? 'no' : 'yes';
      if (all.includes(decisive)) return decisive;
      return all.includes('unknown') ? 'unknown' : decisive === 'no' ? 'yes' : 'no';
    }
    case 'in': {
      const context = of(test.a.of);
      const held: Truth =
        test.types === null
          ? test.names.includes(test.a.part === 'u' ? context.user : context.role)
            ? 'yes'
            : 'no'
          : members.has(test.types, context.type);
      return test.word === 'eq' || held === 'unknown' ? held : held === 'yes' ? 'no' : 'yes';
    }
    case 'compare':
      return compared(test.word, test.a, test.b, of) ? 'yes' : 'no';
  }
}

function compared(word: string, a: Operand, b: Operand, of: (which: 1 | 2) => Context): boolean {
  if (a.part === 'l' || a.part === 'h') {
    const level = ({ part, of: which }: Operand): Level => (part === 'l' ? of(which).low : of(which).high);
    const [x, y] = [level(a), level(b)];
    const [over, under] = [dominates(x, y), dominates(y, x)];
    if (word === 'dom') return over;
    if (word === 'domby') return under;
    if (word === 'eq') return over && under;
    return word === 'neq' ? !(over && under) : !over && !under;
  }
  const name = ({ part, of: which }: Operand): string =>
    part === 'u' ? of(which).user : part === 'r' ? of(which).role : of(which).type;
  return (name(a) === name(b)) === (word === 'eq');
}

function dominates(a: Level, b: Level): boolean {
  return a.sensitivity >= b.sensitivity && [...b.categories].every((each) => a.categories.has(each));
}

export function levels(statements: readonly Statement[]): Levels {
  const order = (word: string): string[] =>
    statements.flatMap(({ list }) => (symbol(list, 0) === word ? words(list.items[1]) : []));
  return { sensitivities: order('sensitivityorder'), categories: order('categoryorder') };
}

/** `s0:c1,c3.c5`; null when a name is not of these. Without an order of its own, `s0` and `c<number>` are themselves. */
export function levelOf(text: string, { sensitivities, categories }: Levels): Level | null {
  const [sensitivity = '', list = ''] = text.split(':');
  const place = (name: string, all: readonly string[], letter: string): number => {
    if (all.length > 0) return all.indexOf(name);
    return name.startsWith(letter) && /^\d+$/.test(name.slice(1)) ? Number(name.slice(1)) : -1;
  };
  const found = new Set<number>();
  for (const part of list === '' ? [] : list.split(',')) {
    const [low = '', high = low] = part.split('.');
    const [from, to] = [place(low, categories, 'c'), place(high, categories, 'c')];
    if (from < 0 || to < from) return null;
    for (let at = from; at <= to; at += 1) found.add(at);
  }
  const at = place(sensitivity, sensitivities, 's');
  return at < 0 ? null : { sensitivity: at, categories: found };
}
