/** Names and patterns as policies write them. Strings from workloads are hostile. */
import { encodeText } from '#observation/text.ts';

/** Letters, digits and `_`, a letter first: what both languages take. */
export function identifier(name: string): string {
  const safe = name
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .slice(0, 100);
  return /^[A-Za-z]/.test(safe) ? safe : `kg_${safe}`;
}

/**
 * A regular expression that is this path and no other: plain characters as they are, every other byte escaped, so that
 * neither quotes, blanks, line ends nor parentheses reach the file.
 */
export function pattern(path: string, below: boolean): string {
  const plain = [...encodeText(path)].map((byte) => {
    const char = String.fromCharCode(byte);
    if (/[A-Za-z0-9/_-]/.test(char)) return char;
    return char === '.' || char === '+' ? `\\${char}` : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `${plain.join('')}${below ? '(/.*)?' : ''}`;
}

/** One line of a comment, whatever its text holds. */
export function comment(mark: string, text: string): string {
  return `${mark} ${text.replaceAll(/[^\x20-\x7e]/g, '?')}`;
}
