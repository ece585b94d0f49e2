/**
 * AppArmor's patterns, over bytes: a string whose characters are bytes (U+0000…U+00FF).
 *
 * `*` and `?` stop at a slash, `**` does not; `[…]` is a class and may hold a slash; `{a,b}` are alternatives and nest;
 * a backslash takes the next character as it is. A star right after a slash, with a slash or the end behind it,
 * matches at least one character that is no slash: `/d/**` is not `/d/`.
 */

/** Which bytes a step takes: 256 entries. */
type Bytes = Uint8Array;

/** A machine of states. Each takes a byte to another state, or leads on without one. */
export interface Machine {
  readonly takes: readonly (Bytes | null)[];
  readonly to: readonly number[];
  readonly free: readonly (readonly number[])[];
  readonly start: number;
  readonly end: number;
}

export interface Glob {
  readonly pattern: string;
  /** The one text that it matches; null for a pattern. */
  readonly literal: string | null;
  /** Without stars, question marks and classes: it goes before others where programs are started. */
  readonly exact: boolean;
  readonly machine: Machine;
}

export class PatternError extends Error {}

type Part =
  | { readonly type: 'bytes'; readonly set: Bytes; readonly char: string | null }
  | { readonly type: 'any'; readonly set: Bytes }
  | { readonly type: 'one-of'; readonly branches: readonly (readonly Part[])[] };

const noNul = set((byte) => byte !== 0);
const noSlash = set((byte) => byte !== 0 && byte !== 0x2f);

export function compileGlob(pattern: string): Glob {
  const reader = new PatternReader(pattern);
  const parts = reader.sequence(false);
  const literal = parts.every((part) => part.type === 'bytes' && part.char !== null)
    ? parts.map((part) => (part.type === 'bytes' ? part.char : '')).join('')
    : null;
  return { pattern, literal, exact: parts.every(isExact), machine: machineOf(parts) };
}

function isExact(part: Part): boolean {
  if (part.type === 'one-of') return part.branches.every((branch) => branch.every(isExact));
  return part.type === 'bytes' && part.char !== null;
}

export function matches(glob: Glob, text: string): boolean {
  if (glob.literal !== null) return glob.literal === text;
  const { machine } = glob;
  let states = closure(machine, [machine.start]);
  for (let at = 0; at < text.length && states.length > 0; at += 1) states = step(machine, states, text.charCodeAt(at));
  return states.includes(machine.end);
}

/** The states behind one byte, closed over what needs none, sorted. */
export function step(machine: Machine, states: readonly number[], byte: number): number[] {
  const next: number[] = [];
  for (const state of states) if (machine.takes[state]?.[byte] === 1) next.push(machine.to[state] ?? -1);
  return closure(machine, next);
}

export function closure({ free }: Machine, states: readonly number[]): number[] {
  const found = new Set(states);
  for (const state of found) for (const next of free[state] ?? []) found.add(next);
  return [...found].toSorted((a, b) => a - b);
}

class PatternReader {
  readonly #text: string;
  #at = 0;
  constructor(text: string) {
    this.#text = text;
  }

  /** Up to the end, or up to the comma or brace that closes a branch. */
  sequence(inBraces: boolean): Part[] {
    const parts: Part[] = [];
    for (; this.#at < this.#text.length; ) {
      const char = this.#text[this.#at] ?? '';
      if (inBraces && (char === ',' || char === '}')) return parts;
      if (char === '}') throw new PatternError('a closing brace without an opening one');
      this.#at += 1;
      if (char === '\\') parts.push(single(this.#escaped()));
      else if (char === '*') parts.push(...this.#stars());
      else if (char === '?') parts.push({ type: 'bytes', set: noSlash, char: null });
      else if (char === '[') parts.push(this.#group());
      else if (char === ']') throw new PatternError('a closing bracket without an opening one');
      else if (char === '{') parts.push(this.#braces());
      else parts.push(single(char));
    }
    if (inBraces) throw new PatternError('an opening brace without a closing one');
    return parts;
  }

  #escaped(): string {
    const char = this.#text[this.#at];
    if (char === undefined) throw new PatternError('a backslash at the end');
    this.#at += 1;
    return char;
  }

  #stars(): Part[] {
    const before = this.#text[this.#at - 2];
    const double = this.#text[this.#at] === '*';
    if (double) this.#at += 1;
    let after = this.#at;
    while (this.#text[after] === '*') after += 1;
    const next = this.#text[after];
    const any: Part = { type: 'any', set: double ? noNul : noSlash };
    const whole = before === '/' && (next === undefined || next === '/');
    return whole ? [{ type: 'bytes', set: noSlash, char: null }, any] : [any];
  }

  #braces(): Part {
    const branches: Part[][] = [this.sequence(true)];
    while (this.#text[this.#at] === ',') {
      this.#at += 1;
      branches.push(this.sequence(true));
    }
    this.#at += 1;
    if (branches.length < 2) throw new PatternError('braces around a single alternative');
    return { type: 'one-of', branches };
  }

  #group(): Part {
    const negated = this.#text[this.#at] === '^';
    if (negated) this.#at += 1;
    const inside = new Uint8Array(256);
    let empty = true;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) throw new PatternError('an opening bracket without a closing one');
      this.#at += 1;
      if (char === ']') break;
      empty = false;
      const from = (char === '\\' ? this.#escaped() : char).charCodeAt(0);
      let to = from;
      if (this.#text[this.#at] === '-' && this.#text[this.#at + 1] !== undefined && this.#text[this.#at + 1] !== ']') {
        this.#at += 2;
        const last = this.#text[this.#at - 1] ?? '';
        to = (last === '\\' ? this.#escaped() : last).charCodeAt(0);
      }
      inside.fill(1, from, to + 1);
    }
    if (empty) throw new PatternError('an empty class');
    return { type: 'bytes', set: negated ? set((byte) => byte !== 0 && inside[byte] === 0) : inside, char: null };
  }
}

function single(char: string): Part {
  const code = char.charCodeAt(0);
  return { type: 'bytes', set: set((byte) => byte === code), char };
}

function set(holds: (byte: number) => boolean): Bytes {
  return Uint8Array.from({ length: 256 }, (_, byte) => (holds(byte) ? 1 : 0));
}

function machineOf(parts: readonly Part[]): Machine {
  const takes: (Bytes | null)[] = [];
  const to: number[] = [];
  const free: number[][] = [];
  const state = (): number => {
    takes.push(null);
    to.push(-1);
    free.push([]);
    return takes.length - 1;
  };
  const chain = (from: number, all: readonly Part[]): number => {
    let last = from;
    for (const part of all) {
      const next = state();
      if (part.type === 'one-of') {
        for (const branch of part.branches) {
          const first = state();
          free[last]?.push(first);
          free[chain(first, branch)]?.push(next);
        }
      } else if (part.type === 'any') {
        const loop = state();
        free[last]?.push(loop);
        takes[loop] = part.set;
        to[loop] = loop;
        free[loop]?.push(next);
      } else {
        const take = state();
        free[last]?.push(take);
        takes[take] = part.set;
        to[take] = next;
      }
      last = next;
    }
    return last;
  };
  const start = state();
  const end = chain(start, parts);
  return { takes, to, free, start, end };
}
