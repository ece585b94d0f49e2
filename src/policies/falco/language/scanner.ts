/** A cursor over the text of a condition. */
import { UnreadableArtifact } from '../../kind.ts';

const escapes: Readonly<Record<string, string>> = {
  ...{ b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', '\\': '\\', '/': '/' },
  // An old mistake in published rules that engines keep alive: a blank after a backslash is a backslash.
  ' ': '\\',
};

export class Scanner {
  readonly #text: string;
  readonly #where: string;
  #at = 0;

  constructor(text: string, where: string) {
    this.#text = text;
    this.#where = where;
  }

  /** Passes over blanks; whether there were any. */
  blank(): boolean {
    return this.take(/[ \t\b\r\n]+/y) !== null;
  }

  literally(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  sees(sticky: RegExp): boolean {
    sticky.lastIndex = this.#at;
    return sticky.test(this.#text);
  }

  take(sticky: RegExp): string | null {
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text)?.[0] ?? null;
    if (found !== null) this.#at += found.length;
    return found;
  }

  /** A quoted string without its quotes; null where none begins, or none ends. */
  quoted(): string | null {
    const quote = this.#text[this.#at];
    if (quote !== '"' && quote !== "'") return null;
    // A quote after a backslash does not end the string, not even when that one is escaped itself.
    let end = this.#at + 1;
    while (end < this.#text.length && !(this.#text[end] === quote && this.#text[end - 1] !== '\\')) end += 1;
    if (end >= this.#text.length) return null;
    const raw = this.#text.slice(this.#at + 1, end);
    const value = raw.replaceAll(/\\([\s\S])/g, (_, char: string) => {
      if (char === quote) return char;
      return escapes[char] ?? this.fail(`no escape is known as \\${char}`);
    });
    this.#at = end + 1;
    return value;
  }

  ended(): boolean {
    return this.#at >= this.#text.length;
  }

  fail(what: string): never {
    const near = this.#text.slice(this.#at, this.#at + 20);
    throw new UnreadableArtifact(
      this.#where,
      `${what} at character ${this.#at}${near === '' ? ', its end' : `, before ${JSON.stringify(near)}`}`,
    );
  }
}
