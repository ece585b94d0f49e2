/** `allowx`: which numbers of ioctl a rule lets through. */
import { type Expression, type List, symbol, textOf } from './expressions.ts';
import { Unresolved } from './resolve.ts';
import type { TypeSet } from './sets.ts';

/** Once one rule for a source, a target and a class names numbers, the others are refused. */
export interface ExtendedRule {
  readonly source: TypeSet;
  readonly target: TypeSet | 'self';
  readonly class: string;
  readonly numbers: (number: number) => boolean;
  readonly text: string;
}

/** `(allowx source target (ioctl class (0x5401 (range 0x5410 0x5420))))` */
export function extendedRule(list: List, source: TypeSet, target: TypeSet | 'self'): ExtendedRule {
  const permission = list.items[3];
  if (permission?.type !== 'list' || symbol(permission, 0) !== 'ioctl')
    throw new Unresolved('extended permissions of ioctl are read when they stand in the rule itself');
  return {
    source,
    target,
    class: symbol(permission, 1) ?? '',
    numbers: numbers(permission.items[2]),
    text: textOf(list),
  };
}

function numbers(expression: Expression | undefined): (number: number) => boolean {
  if (expression?.type === 'atom') {
    if (expression.text === 'all') return () => true;
    return (number) => number === Number(expression.text);
  }
  const items = expression?.items ?? [];
  const [first, from, to] = items;
  const word = first?.type === 'atom' ? first.text : '';
  if (word === 'range' && from?.type === 'atom' && to?.type === 'atom')
    return (number) => number >= Number(from.text) && number <= Number(to.text);
  const parts = (word === 'not' || word === 'and' || word === 'or' || word === 'xor' ? items.slice(1) : items).map(
    numbers,
  );
  if (word === 'not') return (number) => !parts.some((each) => each(number));
  if (word === 'and') return (number) => parts.every((each) => each(number));
  if (word === 'xor') return (number) => parts.filter((each) => each(number)).length === 1;
  return (number) => parts.some((each) => each(number));
}
