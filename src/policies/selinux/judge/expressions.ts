/**
 * The text of CIL as secilc's lexer reads it (libsepol/cil/src/cil_lexer.l, 3.4): parentheses, symbols of a fixed
 * alphabet, strings between double quotes that hold neither quotes nor line ends, comments from `;` to the line's end.
 */
import { UnreadableArtifact } from '../../kind.ts';

export interface Atom {
  readonly type: 'atom';
  readonly text: string;
  readonly quoted: boolean;
  readonly line: number;
}
export interface List {
  readonly type: 'list';
  readonly items: readonly Expression[];
  readonly line: number;
}
export type Expression = Atom | List;

const token = /([ \t\r\f]+)|(\n)|(;[^\n]*)|([()])|"([^"\n]*)"|([A-Za-z0-9[\].@=/*\-_$%+!|&^:~`#{}'<>?,]+)/y;

/** All expressions of a text. Throws `UnreadableArtifact` where secilc's parser would stop. */
export function readExpressions(text: string, name: string): List[] {
  const open: { items: Expression[]; line: number }[] = [{ items: [], line: 1 }];
  let line = 1;
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const found = token.exec(text);
    if (found === null) throw new UnreadableArtifact(`${name} line ${line}`, 'a character that CIL does not know');
    const [, , end, , parenthesis, quoted, symbol] = found;
    const top = open.at(-1);
    if (end !== undefined) line += 1;
    else if (parenthesis === '(') open.push({ items: [], line });
    else if (parenthesis === ')') {
      const done = open.pop();
      if (done === undefined || open.length === 0)
        throw new UnreadableArtifact(`${name} line ${line}`, 'a parenthesis is closed that was not opened');
      open.at(-1)?.items.push({ type: 'list', ...done });
    } else if (quoted !== undefined) top?.items.push({ type: 'atom', text: quoted, quoted: true, line });
    else if (symbol !== undefined) top?.items.push({ type: 'atom', text: symbol, quoted: false, line });
  }
  const [root, unclosed] = open;
  if (unclosed !== undefined)
    throw new UnreadableArtifact(`${name} line ${unclosed.line}`, 'a parenthesis is not closed');
  return (root?.items ?? []).map((each) => {
    if (each.type === 'list') return each;
    throw new UnreadableArtifact(
      `${name} line ${each.line}`,
      `${JSON.stringify(each.text)} stands outside of a statement`,
    );
  });
}

export function listOf(items: readonly (Expression | string)[], line: number): List {
  return {
    type: 'list',
    line,
    items: items.map((each) => (typeof each === 'string' ? { type: 'atom', text: each, quoted: false, line } : each)),
  };
}

/** The expression as text again, on one line. */
export function textOf(expression: Expression): string {
  if (expression.type === 'list') return `(${expression.items.map(textOf).join(' ')})`;
  return expression.quoted ? `"${expression.text}"` : expression.text;
}

/** The symbol at a place of a statement; null where there is none, or a list. */
export function symbol({ items }: List, at: number): string | null {
  const found = items[at];
  return found?.type === 'atom' ? found.text : null;
}
