/**
 * Calico's selector expressions: `app == "web" && has(tier)`, `a in {"x", "y"}`, `!(all())`, `global()`.
 * `&&` binds closer than `||`.
 */
import type { Labels } from '#kubernetes/cluster.ts';

export type LabelTest = (labels: Labels) => boolean;

/** Throws with what was expected and where. */
export function parseSelector(text: string): LabelTest {
  const tokens = tokenise(text);
  let at = 0;
  const next = (): Token | undefined => tokens[at];
  const fail = (expected: string): never => {
    throw new Error(`expected ${expected} at ${next()?.at ?? text.length} of ${JSON.stringify(text)}`);
  };
  function take(type: Token['type'], what?: string): string {
    const token = next();
    if (token === undefined || token.type !== type || (what !== undefined && token.text !== what))
      return fail(what ?? type);
    at += 1;
    return token.text;
  }
  const is = (what: string): boolean => next()?.type !== 'string' && next()?.text === what;

  function or(): LabelTest {
    const parts = [and()];
    while (is('||')) {
      take('symbol');
      parts.push(and());
    }
    return (labels) => parts.some((part) => part(labels));
  }
  function and(): LabelTest {
    const parts = [term()];
    while (is('&&')) {
      take('symbol');
      parts.push(term());
    }
    return (labels) => parts.every((part) => part(labels));
  }
  function term(): LabelTest {
    if (is('!')) {
      take('symbol');
      const inner = term();
      return (labels) => !inner(labels);
    }
    if (is('(')) {
      take('symbol');
      const inner = or();
      take('symbol', ')');
      return inner;
    }
    const word = take('word');
    if (is('(')) return call(word);
    return comparison(word);
  }
  function call(word: string): LabelTest {
    take('symbol', '(');
    if (word === 'has') {
      const key = take('word');
      take('symbol', ')');
      return (labels) => Object.hasOwn(labels, key);
    }
    take('symbol', ')');
    if (word === 'all') return () => true;
    // What belongs to no namespace; pods always do.
    if (word === 'global') return () => false;
    throw new Error(`no function ${word}() in ${JSON.stringify(text)}`);
  }
  function comparison(key: string): LabelTest {
    const valueOf = (labels: Labels): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
    if (is('==') || is('!=')) {
      const equal = take('symbol') === '==';
      const value = take('string');
      return (labels) => (valueOf(labels) === value) === equal;
    }
    const negated = is('not');
    if (negated) take('word');
    const operator = take('word');
    if (operator === 'in') {
      const values = set();
      return (labels) => {
        const value = valueOf(labels);
        return (value !== undefined && values.has(value)) !== negated;
      };
    }
    if (negated) return fail('in');
    if (operator === 'contains') return compared(valueOf, take('string'), (value, part) => value.includes(part));
    if (operator === 'starts' || operator === 'ends') {
      take('word', 'with');
      const part = take('string');
      return compared(valueOf, part, (value, each) =>
        operator === 'starts' ? value.startsWith(each) : value.endsWith(each),
      );
    }
    return fail('an operator');
  }
  function set(): Set<string> {
    take('symbol', '{');
    const values = new Set<string>();
    while (!is('}')) {
      values.add(take('string'));
      if (!is('}')) take('symbol', ',');
    }
    take('symbol', '}');
    return values;
  }
  if (tokens.length === 0) return () => true;
  const whole = or();
  if (next() !== undefined) fail('the end');
  return whole;
}

function compared(
  valueOf: (labels: Labels) => string | undefined,
  part: string,
  test: (value: string, part: string) => boolean,
): LabelTest {
  return (labels) => {
    const value = valueOf(labels);
    return value !== undefined && test(value, part);
  };
}

interface Token {
  readonly type: 'word' | 'string' | 'symbol';
  readonly text: string;
  readonly at: number;
}

function tokenise(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = /\s*(?:"([^"]*)"|'([^']*)'|(==|!=|&&|\|\||[!(){},])|([A-Za-z0-9_./-]+))|\s*(\S)/gy;
  for (const found of text.trim().matchAll(pattern)) {
    const [, double, quoted, symbol, word, other] = found;
    const at = found.index;
    if (other !== undefined) throw new Error(`unexpected ${JSON.stringify(other)} at ${at} of ${JSON.stringify(text)}`);
    if (double !== undefined || quoted !== undefined) tokens.push({ type: 'string', text: double ?? quoted ?? '', at });
    else if (symbol !== undefined) tokens.push({ type: 'symbol', text: symbol, at });
    else if (word !== undefined) tokens.push({ type: 'word', text: word, at });
  }
  return tokens;
}
