/** Words of a module, one after another, and the sets that they write. */
import { UnreadableArtifact } from '../../kind.ts';
import { type Expression, type List, listOf } from './expressions.ts';

interface Token {
  readonly text: string;
  readonly line: number;
}

/** A set of types in CIL's form; null when it is empty. */
export interface TypeNames {
  readonly set: Expression | string | null;
  readonly self: boolean;
  /** `*` or `~`: only `neverallow` may say so. */
  readonly wild: boolean;
}

export class ModuleText {
  readonly #tokens: readonly Token[];
  #at = 0;
  #sets = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  get ended(): boolean {
    return this.#at >= this.#tokens.length;
  }
  peek(): string {
    return this.#tokens[this.#at]?.text ?? '';
  }
  get afterNext(): string {
    return this.#tokens[this.#at + 1]?.text ?? '';
  }
  get line(): number {
    return (this.#tokens[this.#at] ?? this.#tokens.at(-1))?.line ?? 1;
  }

  take(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new UnreadableArtifact(`line ${this.line}`, 'the module ends within a statement');
    this.#at += 1;
    return token.text;
  }

  expect(...wanted: readonly string[]): void {
    for (const each of wanted) {
      const { line } = this;
      const found = this.take();
      if (found !== each)
        throw new UnreadableArtifact(
          `line ${line}`,
          `${JSON.stringify(found)} where ${JSON.stringify(each)} should stand`,
        );
    }
  }

  skipTo(end: string): void {
    while (this.take() !== end);
  }

  word(): string {
    const { line } = this;
    const found = this.take();
    if (/^[A-Za-z0-9_.$/-]+$/.test(found)) return found;
    throw new UnreadableArtifact(`line ${line}`, `${JSON.stringify(found)} where a name should stand`);
  }

  /** `a` or `{ a b }`. */
  names(): string[] {
    if (this.peek() !== '{') return [this.word()];
    this.expect('{');
    const found: string[] = [];
    while (this.peek() !== '}') found.push(this.word());
    this.expect('}');
    return found;
  }

  commas(): string[] {
    const found = [this.word()];
    while (this.peek() === ',') {
      this.take();
      found.push(this.word());
    }
    return found;
  }

  permissions(): Expression {
    const { line } = this;
    const next = this.peek();
    if (next !== '*' && next !== '~') return listOf(this.names(), line);
    this.take();
    return next === '*' ? listOf(['all'], line) : listOf(['not', this.permissions()], line);
  }

  /** `a`, `{ a b -c self }`, `~a`, `*`. */
  types(): TypeNames {
    const { line } = this;
    const next = this.peek();
    if (next === '*' || next === '~') {
      this.take();
      return {
        set: next === '*' ? listOf(['all'], line) : listOf(['not', this.types().set ?? listOf([], line)], line),
        self: false,
        wild: true,
      };
    }
    if (next !== '{') {
      const one = this.word();
      return one === 'self' ? { set: null, self: true, wild: false } : { set: one, self: false, wild: false };
    }
    this.expect('{');
    const [plus, minus]: [(Expression | string)[], (Expression | string)[]] = [[], []];
    let self = false;
    let wild = false;
    while (this.peek() !== '}') {
      const to = this.peek() === '-' ? minus : plus;
      if (to === minus) this.take();
      const inner = this.types();
      self ||= inner.self;
      wild ||= inner.wild;
      if (inner.set !== null) to.push(inner.set);
    }
    this.expect('}');
    const without = minus.length === 0 ? null : listOf(['not', listOf(minus, line)], line);
    if (plus.length === 0) return { set: without, self, wild };
    const all = plus.length === 1 && plus[0] !== undefined ? plus[0] : listOf(plus, line);
    return { set: without === null ? all : listOf(['and', all, without], line), self, wild };
  }

  /** A set as one name, as rules of CIL want it: an attribute is declared in `out` where need be. */
  nameOf(set: Expression | string, out: List[]): string {
    if (typeof set === 'string') return set;
    this.#sets += 1;
    const made = `te_set_${this.#sets}`;
    out.push(listOf(['typeattribute', made], set.line), listOf(['typeattributeset', made, set], set.line));
    return made;
  }

  /** What stands between the parentheses of an `if`. */
  condition(): Expression {
    const { line } = this;
    let found = this.#operand();
    let operation: string | null = null;
    for (;;) {
      const next = operations[this.peek()];
      if (next === undefined) return found;
      if (operation !== null && operation !== next)
        throw new UnreadableArtifact(`line ${line}`, 'put parentheses where conditions are mixed');
      operation = next;
      this.take();
      found = listOf([next, found, this.#operand()], line);
    }
  }

  #operand(): Expression {
    const { line } = this;
    if (this.peek() === '!') {
      this.take();
      return listOf(['not', this.#operand()], line);
    }
    if (this.peek() !== '(') return listOf([this.word()], line);
    this.take();
    const inner = this.condition();
    this.expect(')');
    return inner;
  }
}

const operations: Readonly<Record<string, string>> = { '&&': 'and', '||': 'or', '^': 'xor', '==': 'eq', '!=': 'neq' };

function tokensOf(text: string): Token[] {
  const token =
    /(\s+)|(#[^\n]*)|("[^"\n]*")|([A-Za-z0-9_./$](?:[A-Za-z0-9_.$/-]*[A-Za-z0-9_$])?)|(&&|\|\||==|!=|[{}()~*:;,\-!^`'])/y;
  const found: Token[] = [];
  let line = 1;
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const from = token.lastIndex;
    const match = token.exec(text);
    if (match === null) throw new UnreadableArtifact(`line ${line}`, `a module has no ${JSON.stringify(text[from])}`);
    const [all, space, comment] = match;
    if (space === undefined && comment === undefined) found.push({ text: all, line });
    line += all.split('\n').length - 1;
  }
  return found;
}
