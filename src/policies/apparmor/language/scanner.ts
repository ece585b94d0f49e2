/** Characters of a profile's text: blanks, comments, words, quotes. Throws UnreadableArtifact with the line. */
import { encodeText } from '#observation/text.ts';
import { UnreadableArtifact } from '../../kind.ts';

/** A word as it was written, and what it stands for: bytes, with a backslash before those that would be patterns. */
export interface Word {
  readonly raw: string;
  readonly pattern: string;
}

export class Scanner {
  readonly #text: string;
  #at = 0;
  constructor(text: string) {
    this.#text = text;
  }

  get where(): string {
    return `line ${this.#text.slice(0, this.#at).split('\n').length}`;
  }

  /** In UTF-16 code units from the text's start. */
  get offset(): number {
    return this.#at;
  }

  fail(what: string): never {
    throw new UnreadableArtifact(this.where, what);
  }

  /** Past blanks, ends of lines and comments. `#include` is no comment. */
  skip(): void {
    for (;;) {
      const [blank] = this.#match(/[\s]+/y) ?? [''];
      this.#at += blank.length;
      if (this.#text[this.#at] !== '#' || this.#match(/#include(?=[ \t<"])/y) !== null) return;
      this.skipLine();
    }
  }

  skipBlanks(): void {
    this.#at += this.#match(/[ \t]+/y)?.[0].length ?? 0;
  }

  skipLine(): void {
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end < 0 ? this.#text.length : end;
  }

  get ended(): boolean {
    return this.#at >= this.#text.length;
  }

  get atLineEnd(): boolean {
    return this.ended || /[\r\n#]/.test(this.#text[this.#at] ?? '');
  }

  peek(pattern: RegExp): string | null {
    this.skip();
    return this.#match(pattern)?.[0] ?? null;
  }

  /** Takes what the sticky pattern matches; null when it does not. */
  take(pattern: RegExp): string | null {
    const found = this.peek(pattern);
    if (found !== null) this.#at += found.length;
    return found;
  }

  expect(pattern: RegExp, what: string): string {
    return this.take(pattern) ?? this.fail(`expected ${what}, found ${JSON.stringify(this.#rest())}`);
  }

  endOfRule(): void {
    this.expect(/,/y, 'a comma at the end of the rule');
  }

  /** A path, a name or a value. A comma belongs to it when more follows at once. */
  word(stops = ''): Word {
    this.skip();
    const quoted = this.#match(/"((?:\\"|[^"])*)"/y);
    if (quoted !== null) {
      this.#at += quoted[0].length;
      return { raw: quoted[0], pattern: unescaped(quoted[1] ?? '') };
    }
    let end = this.#at;
    for (; end < this.#text.length; end += 1) {
      const char = this.#text[end] ?? '';
      const next = this.#text[end + 1] ?? '';
      // The backslash keeps what is behind it, but for one that a comma took along.
      if (char === '\\' && /[ \t"!,]/.test(next)) end += 1;
      else if (char === ',' && /^[^ \t\r\n"!,]/.test(next)) end += 1;
      else if (/[ \t\r\n"!,]/.test(char) || stops.includes(char)) break;
    }
    const raw = this.#text.slice(this.#at, end);
    if (raw === '') this.fail(`expected a word, found ${JSON.stringify(this.#rest())}`);
    this.#at = end;
    return { raw, pattern: unescaped(raw) };
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text);
  }

  #rest(): string {
    return this.#text.slice(this.#at, this.#at + 20);
  }
}

const letters: Readonly<Record<string, string>> = { a: '\x07', e: '\x1b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** Escapes of bytes are resolved, those of pattern characters kept: what is left is a pattern over bytes. */
function unescaped(text: string): string {
  const bytes = Array.from(encodeText(text), (byte) => String.fromCharCode(byte)).join('');
  return bytes.replaceAll(
    /\\(?:([0-7]{1,3})|d([0-9]{1,3})|x([0-9a-fA-F]{1,2})|([aefnrt])|(["\\])|([^]))/g,
    (whole, ...found) => {
      const [octal, decimal, hexadecimal, letter, plain] = found as (string | undefined)[];
      const digits = octal ?? decimal ?? hexadecimal;
      const code =
        digits === undefined ? 0 : Number.parseInt(digits, octal !== undefined ? 8 : decimal !== undefined ? 10 : 16);
      if (digits !== undefined && (code === 0 || code > 255)) return whole;
      const char = digits !== undefined ? String.fromCharCode(code) : letter !== undefined ? letters[letter] : plain;
      if (char === undefined) return whole;
      return /[*?[\]{}^,\\]/.test(char) ? `\\${char}` : char;
    },
  );
}
