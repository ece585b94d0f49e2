/** A path as it goes into a rule: bytes that are meant literally, and pieces that match more. */
import { decodeText, encodeText } from '#observation/text.ts';

/** `open` pieces are written as they are: `*`, `[0-9]*`, `@{pid}`. */
export type Piece = { readonly literal: string } | { readonly open: string };

export interface Pattern {
  readonly pieces: readonly Piece[];
  /** Why it is wider than what was seen, each once; empty for a path that stands for itself. */
  readonly reasons: readonly string[];
}

export function literal(path: string): Pattern {
  return { pieces: [{ literal: path }], reasons: [] };
}

export function isOpen({ pieces }: Pattern): boolean {
  return pieces.some((piece) => 'open' in piece);
}

/** A string as bytes, one character each, and back. */
export function toBytes(text: string): string {
  return Array.from(encodeText(text), (byte) => String.fromCharCode(byte)).join('');
}

export function toText(bytes: string): string {
  return decodeText(Uint8Array.from(bytes, (char) => char.charCodeAt(0)));
}

const regular: Readonly<Record<string, string>> = {
  '*': '[^/]*',
  '**': '.+',
  '[0-9]*': '[0-9][^/]*',
  '[0-9a-f]*': '[0-9a-f][^/]*',
  '[0-9A-Z]*': '[0-9A-Z][^/]*',
  '@{pid}': '[1-9][0-9]{0,6}',
  '@{multiarch}': '[^/]*-linux-gnu[^/]*',
  '@{PROC}/': '/proc/',
};

/** What the pattern matches, among paths as bytes. A star that is a whole name is not empty. */
export function matcher({ pieces }: Pattern): RegExp {
  const parts = pieces.map((piece, at) => {
    if (!('open' in piece)) return piece.literal.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    const [before, after] = [pieces[at - 1], pieces[at + 1]].map((each) =>
      each !== undefined && 'literal' in each ? each.literal : '',
    );
    const whole = before?.endsWith('/') === true && (after === '' || after?.startsWith('/') === true);
    return `${whole ? '(?=[^/])' : ''}${regular[piece.open] ?? '[^/]*'}`;
  });
  return new RegExp(`^${parts.join('')}$`, 's');
}

/**
 * As AppArmor reads it: characters of patterns after a backslash, bytes that are no printable text as octal numbers,
 * quotes around what holds blanks. Every byte but NUL, which no path has, can be said. Backslashes, quotes and commas
 * are numbers too: right before a blank or a quote, the parser's scanner would take the next character along.
 */
export function written({ pieces }: Pattern): string {
  const text = pieces.map((piece) => ('open' in piece ? piece.open : escaped(piece.literal))).join('');
  return /[ !]/.test(text) ? `"${text}"` : text;
}

/** Everything but what is printed as it is. Of Unicode, only letters, digits and a few marks: nothing that hides or reorders. */
function escaped(bytes: string): string {
  const chars = Array.from(toText(bytes), (char) => {
    if (/[*?[\]{}^]/.test(char)) return `\\${char}`;
    if (/[\p{L}\p{N} !#$%&'()+\-./:;<=>@_`|~]/u.test(char)) return char;
    return Array.from(encodeText(char), (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
  });
  return chars.join('');
}
