/** Names as they go into rules: what stands for itself, and patterns of what changes from run to run. */
import { encodeText } from '#observation/text.ts';

/** `open` is a piece of a glob. */
export type Piece = { readonly literal: string } | { readonly open: string };

export interface Name {
  readonly pieces: readonly Piece[];
  /** Why it is wider than what was seen. */
  readonly reasons: readonly string[];
}

export function literalName(text: string): Name {
  return { pieces: [{ literal: text }], reasons: [] };
}

/**
 * What a list may hold, and what needs a pattern. Loaders put lists into conditions as text: whatever ends a bare
 * string, or is read otherwise between quotes, would make another condition. Such bytes become `?`: any one byte.
 */
export type Spelled =
  | { readonly type: 'value'; readonly text: string }
  | { readonly type: 'pattern'; readonly text: string; readonly reasons: readonly string[] };

export function spelled({ pieces, reasons }: Name, odd: Odd = 'kept'): Spelled {
  const [only] = pieces;
  const plainly = pieces.length === 1 && only !== undefined && 'literal' in only && isPlain(only.literal);
  if (plainly && isShort(only.literal)) return { type: 'value', text: only.literal };
  const text = pieces.map((piece) => ('open' in piece ? piece.open : patternText(piece.literal, odd))).join('');
  const unsayable = pieces.some((piece) => 'literal' in piece && piece.literal !== '' && !isPlain(piece.literal));
  const long = !isShort(text);
  return {
    type: 'pattern',
    text: long ? `${cut(text)}*` : text,
    reasons: [
      ...reasons,
      ...(unsayable ? ['bytes that no rule can hold'] : []),
      ...(long ? [`longer than the ${maxBytes} bytes that a rule can hold`] : []),
    ],
  };
}

/** What an engine does with bytes beside printable ASCII: another byte, or the same, stands for each, or none. */
export type Odd = 'kept' | 'left out';

/** Engines refuse a file that has a longer value (measured with sysdig 0.29.3). */
const maxBytes = 255;

function isShort(text: string): boolean {
  return encodeText(text).length <= maxBytes;
}

/** So much of it that a star fits behind; not within a set of characters. */
function cut(text: string): string {
  let kept = '';
  let size = 0;
  for (const char of text) {
    size += encodeText(char).length;
    if (size > maxBytes - 1) break;
    kept += char;
  }
  return kept.replace(/\[[^\]]*$/, '');
}

/** What neither YAML, nor the condition, nor a glob gives a meaning. Engines show bytes beside ASCII in ways of their own. */
const plain = /^[A-Za-z0-9_./:@+~^#%&;<>{}|!$-]*$/;

function isPlain(text: string): boolean {
  return text !== '' && plain.test(text);
}

/** Each byte of what is not plain becomes a question mark, or a star where an engine leaves it out. */
function patternText(literal: string, odd: Odd): string {
  const text = Array.from(literal, (char) => {
    if (plain.test(char)) return char;
    return odd === 'left out' && !/[\x20-\x7e]/.test(char) ? '*' : '?'.repeat(encodeText(char).length);
  });
  return text.join('').replaceAll(/\*+/g, '*');
}

/** A value as a condition takes it: in quotes unless nothing else than a bare string could be meant. */
export function quoted(text: string): string {
  return /^[A-Za-z0-9_./-]+$/.test(text) ? text : `"${text}"`;
}
