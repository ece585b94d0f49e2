/**
 * Strings of the kernel are bytes; ours are text. Bytes that are not UTF-8 become lone surrogates
 * U+DC80…U+DCFF, one each, and become the same bytes again: no two paths are ever taken for one.
 */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const escape = 0xdc00;

export function decodeText(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return [...pieces(bytes)].join('');
  }
}

/** Valid sequences as they are, every other byte as its surrogate. */
function* pieces(bytes: Uint8Array): Generator<string> {
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes[at] ?? 0);
    const piece = length > 0 && at + length <= bytes.length ? valid(bytes.subarray(at, at + length)) : null;
    yield piece ?? String.fromCharCode(escape + (bytes[at] ?? 0));
    at += piece === null ? 1 : length;
  }
}

function valid(bytes: Uint8Array): string | null {
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
}

/** What a lead byte announces; 0 for a byte that leads nothing. */
function sequenceLength(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return 2;
  if (lead < 0xf0) return 3;
  return lead < 0xf5 ? 4 : 0;
}

export function encodeText(text: string): Uint8Array {
  const encoder = new TextEncoder();
  if (text.isWellFormed()) return encoder.encode(text);
  const out: number[] = [];
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (code >= escape + 0x80 && code <= escape + 0xff) out.push(code - escape);
    else out.push(...encoder.encode(char));
  }
  return Uint8Array.from(out);
}

/**
 * For terminals and reports: control characters, marks that reorder or hide text, and bytes that are
 * no text are shown escaped. Strings from workloads are hostile.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\\]/gu, (char) => {
    if (char === '\\') return '\\\\';
    if (char === '\n') return '\\n';
    if (char === '\t') return '\\t';
    const code = char.codePointAt(0) ?? 0;
    if (code >= escape + 0x80 && code <= escape + 0xff) return `\\x${(code - escape).toString(16)}`;
    return code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}
