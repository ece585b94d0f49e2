/** `glob` as engines match it: fnmatch(3) over bytes, where a star goes over slashes too. */
import { encodeText } from '#observation/text.ts';

export function bytesOf(text: string): string {
  // eslint-disable-next-line no-control-regex -- ASCII is its own bytes
  if (/^[\x00-\x7f]*$/.test(text)) return text;
  return Array.from(encodeText(text), (byte) => String.fromCharCode(byte)).join('');
}

/** Null for what is not modelled: groups of ksh, named classes of characters. */
export function globMatcher(pattern: string, ignoreCase: boolean): ((text: string) => boolean) | null {
  if (/[?*+@!]\(|\[[!^]?\]?[^\]]*\[[.:=]/.test(pattern)) return null;
  const bytes = bytesOf(pattern);
  let source = '';
  for (let at = 0; at < bytes.length; at += 1) {
    const char = bytes[at] ?? '';
    if (char === '*') source += '.*';
    else if (char === '?') source += '.';
    else if (char === '\\') {
      at += 1;
      // A backslash at the end matches nothing.
      if (at >= bytes.length) return () => false;
      source += literal(bytes[at] ?? '');
    } else if (char === '[') {
      const set = setAt(bytes, at);
      source += set === null ? '\\[' : set.source;
      at = set === null ? at : set.end;
    } else source += literal(char);
  }
  const matches = new RegExp(`^${source}$`, ignoreCase ? 'si' : 's');
  return (text) => matches.test(bytesOf(text));
}

function literal(char: string): string {
  return /[\\^$.*+?()[\]{}|/-]/.test(char) ? `\\${char}` : char;
}

/** `[a-z]`, `[!/]`; null for a bracket that nothing closes, which stands for itself. */
function setAt(bytes: string, start: number): { readonly source: string; readonly end: number } | null {
  const negated = '!^'.includes(bytes[start + 1] ?? ' ');
  const first = start + (negated ? 2 : 1);
  const end = bytes.indexOf(']', first + 1);
  if (end < 0) return null;
  const inner = bytes.slice(first, end).replaceAll(/[\\\]^[]/g, '\\$&');
  return { source: `[${negated ? '^' : ''}${inner}]`, end };
}
