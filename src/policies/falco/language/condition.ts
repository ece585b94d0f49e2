/**
 * The condition of a Falco rule: libsinsp's filter language. `or` binds weakest, then `and`, then `not`. A check is a
 * field, an operator and a value, or a list of them; a word alone is a macro. A bare string ends at a blank, a bracket,
 * a comma, `=` or a quote; between quotes a backslash escapes.
 *
 * Read as libsinsp's own parser does (userspace/libsinsp/filter/parser.cpp). Not read are modifiers of lists (`anyof`)
 * and transformers of several arguments: such a condition is refused here, and by engines older than they are.
 */
import { Scanner } from './scanner.ts';

/** What is compared: `tolower(proc.name)` is a field with one transformer. The outermost stands first. */
export interface Operand {
  readonly field: string;
  /** In `[…]` after the field. */
  readonly argument: string | null;
  readonly transformers: readonly string[];
}

export type Expression =
  | { readonly type: 'and' | 'or'; readonly all: readonly Expression[] }
  | { readonly type: 'not'; readonly of: Expression }
  | { readonly type: 'macro'; readonly name: string }
  | { readonly type: 'exists'; readonly left: Operand }
  | {
      readonly type: 'check';
      readonly left: Operand;
      readonly operator: string;
      /** One for what is no operator of lists; or the field whose value it is compared with. */
      readonly right: readonly string[] | Operand;
    };

/** Deeper ones are refused by engines. */
const maxDepth = 100;
const field = /[A-Za-z]+\w*(\.[A-Za-z]+\w*)+/y;
const word = /[A-Za-z]+\w*/y;
const argument = /[^[\]"'\s]+/y;
const bare = /[^()"'\s=,]+/y;
const number = /0[xX][0-9A-Za-z]+|[+-]?\d+\.?\d*([eE][+-]\d+)?/y;
const transformer = /(tolower|toupper|b64|basename|len)\(/y;
const comparison =
  /(<=|<|>=|>)|(==|=|!=|(?:iglob|glob|icontains|contains|bcontains|bstartswith|startswith|endswith|regex)(?=\s))|(intersects|in|pmatch)/y;

/** `where` is where the text stands, for messages. Throws `UnreadableArtifact` with the character's number. */
export function readCondition(text: string, where: string): Expression {
  const scanner = new Scanner(text, where);
  let depth = 0;

  function either(): Expression {
    if ((depth += 1) > maxDepth) scanner.fail(`nested deeper than ${maxDepth}`);
    const found = joined('or', () => joined('and', negated));
    depth -= 1;
    return found;
  }

  function joined(type: 'and' | 'or', part: () => Expression): Expression {
    const all = [part()];
    scanner.blank();
    while (scanner.literally(type)) {
      if (scanner.blank()) all.push(part());
      else if (scanner.literally('(')) all.push(bracketed());
      else scanner.fail(`a blank or a bracket must follow ${type}`);
      scanner.blank();
    }
    const [first] = all;
    return first !== undefined && all.length === 1 ? first : { type, all };
  }

  function negated(): Expression {
    scanner.blank();
    let negative = false;
    while (scanner.take(/not\s+/y) !== null) negative = !negative;
    if (scanner.literally('not(')) {
      const of = bracketed();
      return negative ? of : { type: 'not', of };
    }
    const of = check();
    return negative ? { type: 'not', of } : of;
  }

  function bracketed(): Expression {
    const inner = either();
    scanner.blank();
    if (!scanner.literally(')')) scanner.fail('a bracket is not closed');
    return inner;
  }

  function check(): Expression {
    if (scanner.literally('(')) return bracketed();
    const left = operand();
    if (left !== null) return condition(left);
    const name = scanner.take(word);
    return name === null ? scanner.fail('expected a bracket, a field or a macro') : { type: 'macro', name };
  }

  /** A field, or one within transformers; null where there is none. */
  function operand(): Operand | null {
    const name = scanner.take(field);
    if (name !== null) return { field: name, argument: argued(), transformers: [] };
    const opened = scanner.take(transformer);
    if (opened === null) return null;
    scanner.blank();
    const inner = operand() ?? scanner.fail('expected a field within the transformer');
    scanner.blank();
    if (!scanner.literally(')')) scanner.fail('a transformer is not closed');
    return { ...inner, transformers: [opened.slice(0, -1), ...inner.transformers] };
  }

  function argued(): string | null {
    if (!scanner.literally('[')) return null;
    const found = scanner.quoted() ?? scanner.take(argument) ?? scanner.fail('expected an argument of the field');
    return scanner.literally(']') ? found : scanner.fail('the argument of a field is not closed');
  }

  function condition(left: Operand): Expression {
    scanner.blank();
    if (scanner.literally('exists')) return { type: 'exists', left };
    const operator = scanner.take(comparison) ?? scanner.fail('expected an operator');
    scanner.blank();
    const compared = comparedField();
    if (compared !== null) return { type: 'check', left, operator, right: compared };
    if (/^[<>]/.test(operator)) {
      const value = scanner.take(number) ?? scanner.fail('expected a number');
      return { type: 'check', left, operator, right: [value] };
    }
    if (['in', 'intersects', 'pmatch'].includes(operator)) return { type: 'check', left, operator, right: list() };
    const value = scanner.quoted() ?? scanner.take(bare) ?? scanner.fail('expected a value');
    return { type: 'check', left, operator, right: [value] };
  }

  function comparedField(): Operand | null {
    if (!scanner.literally('val(')) return operandInTransformer();
    scanner.blank();
    const name = scanner.take(field) ?? scanner.fail('expected a field within val()');
    const found = { field: name, argument: argued(), transformers: [] };
    scanner.blank();
    return scanner.literally(')') ? found : scanner.fail('val( is not closed');
  }

  /** On the right a field is a plain string, unless it stands within a transformer. */
  function operandInTransformer(): Operand | null {
    return scanner.sees(transformer) ? operand() : null;
  }

  function list(): readonly string[] {
    if (!scanner.literally('(')) return [scanner.take(word) ?? scanner.fail('expected a list')];
    scanner.blank();
    const values: string[] = [];
    const first = scanner.quoted() ?? scanner.take(bare);
    if (first !== null) {
      values.push(first);
      scanner.blank();
      while (scanner.literally(',')) {
        scanner.blank();
        values.push(scanner.quoted() ?? scanner.take(bare) ?? scanner.fail('expected a value of the list'));
        scanner.blank();
      }
    }
    return scanner.literally(')') ? values : scanner.fail('a list is not closed');
  }

  const found = either();
  scanner.blank();
  return scanner.ended() ? found : scanner.fail("expected 'or' or 'and'");
}
