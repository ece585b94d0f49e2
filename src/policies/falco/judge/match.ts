/** Conditions as functions of an event and its container, and the types of events that one can hold for. */
import type { Expression, Operand } from '../language/condition.ts';
import { type Check, checkOf, type Truth } from './compare.ts';
import { type Field, fieldName, fieldReader, isOfContainer, type Labelled, type SeenEvent } from './event.ts';

export type Matcher = (event: SeenEvent, container: Labelled) => Truth;

/** A macro is one expression in all rules that name it, and is made into a function once. */
const made = new WeakMap<Expression, Matcher>();

/** Throws `UnreadableArtifact` for a value or an operator that a field does not take. */
export function matcherOf(expression: Expression, where: string): Matcher {
  const found = made.get(expression) ?? compiled(expression, where);
  made.set(expression, found);
  return found;
}

function compiled(expression: Expression, where: string): Matcher {
  switch (expression.type) {
    case 'and':
      return every(expression.all.map((each) => matcherOf(each, where)));
    case 'or': {
      const none = every(expression.all.map((each) => negation(matcherOf(each, where))));
      return negation(none);
    }
    case 'not':
      return negation(matcherOf(expression.of, where));
    case 'exists': {
      const read = reader(expression.left);
      return (event, container) => {
        const value = read(event, container);
        return value === undefined ? null : value !== null;
      };
    }
    case 'check':
      return checked(expression, where);
    case 'macro':
      throw new Error(`macro ${expression.name} is still there`);
  }
}

export function every(all: readonly Matcher[]): Matcher {
  return (event, container) => {
    let found: Truth = true;
    for (const each of all) {
      const truth = each(event, container);
      if (truth === false) return false;
      if (truth === null) found = null;
    }
    return found;
  };
}

function negation(of: Matcher): Matcher {
  return (event, container) => {
    const truth = of(event, container);
    return truth === null ? null : !truth;
  };
}

function checked({ left, operator, right }: Extract<Expression, { type: 'check' }>, where: string): Matcher {
  const read = reader(left);
  if (!('field' in right)) {
    const check = checkOf(left.field, operator, right, where);
    if (left.field === 'evt.type') return (event) => onTypes(check, event.types);
    return (event, container) => check(read(event, container));
  }
  const other = reader(right);
  return (event, container) => {
    const [a, b] = [read(event, container), other(event, container)];
    if (a === null || b === null) return false;
    if (a === undefined || b === undefined || typeof b === 'object') return null;
    return checkOf(left.field, operator, [String(b)], where)(a);
  };
}

/** Holds when it does for each type that it may be. */
function onTypes(check: Check, types: readonly string[]): Truth {
  const first = check(types[0]);
  return types.every((each) => check(each) === first) ? first : null;
}

function reader({ field, argument, transformers }: Operand): (event: SeenEvent, container: Labelled) => Field {
  const name = fieldName(field, argument);
  const plain = fieldReader(name);
  if (transformers.length === 0) return plain;
  return (event, container) => {
    const value = plain(event, container);
    return typeof value === 'string' ? transformers.toReversed().reduce<Field>(transformed, value) : value;
  };
}

function transformed(value: Field, transformer: string): Field {
  if (typeof value !== 'string') return undefined;
  switch (transformer) {
    case 'tolower':
      return value.toLowerCase();
    case 'toupper':
      return value.toUpperCase();
    case 'basename':
      return value.slice(value.lastIndexOf('/') + 1);
    default:
      return undefined;
  }
}

/** Parts that must all hold. */
export function conjuncts(expression: Expression): readonly Expression[] {
  return expression.type === 'and' ? expression.all.flatMap(conjuncts) : [expression];
}

/** Whether an expression asks about the container alone. */
export function asksContainer(expression: Expression): boolean {
  switch (expression.type) {
    case 'and':
    case 'or':
      return expression.all.every(asksContainer);
    case 'not':
      return asksContainer(expression.of);
    case 'macro':
      return false;
    default:
      return isOfContainer(fieldName(expression.left.field, expression.left.argument));
  }
}

/** The types of events that it can hold for; null for any. Never too few. */
export function typesOf(expression: Expression, negated = false): Types {
  switch (expression.type) {
    case 'not':
      return typesOf(expression.of, !negated);
    case 'and':
    case 'or': {
      const all = expression.all.map((each) => typesOf(each, negated));
      return (expression.type === 'and') === negated ? union(all) : intersection(all);
    }
    case 'check': {
      const { left, operator, right } = expression;
      const named = left.field === 'evt.type' && left.argument === null && left.transformers.length === 0;
      if (!named || negated || 'field' in right || !['=', '==', 'in'].includes(operator)) return null;
      return new Set(right);
    }
    default:
      return null;
  }
}

type Types = ReadonlySet<string> | null;

function union(all: readonly Types[]): Types {
  return all.reduce((a, b) => (a === null || b === null ? null : new Set([...a, ...b])));
}

function intersection(all: readonly Types[]): Types {
  return all.reduce((a, b) => (a === null || b === null ? (a ?? b) : new Set([...a].filter((each) => b.has(each)))));
}
