/** Regular expressions of Rust's crate `regex`, as far as this engine reads them alike. */
import { type Truth, truth } from '../../three-valued.ts';

const known = new Map<string, { readonly compiled: RegExp | null }>();

/** The first match must be the whole text. What the two engines may read differently is not known. */
export function expressionMatches(expression: string, text: string): Truth {
  const own = known.get(expression) ?? { compiled: compiled(expression) };
  // A judge asks for the same few; what others asked for before is not kept for ever.
  if (known.size > 10_000) known.clear();
  known.set(expression, own);
  if (own.compiled === null) return 'maybe';
  const found = own.compiled.exec(text);
  return truth(found?.index === 0 && found[0].length === text.length);
}

function compiled(expression: string): RegExp | null {
  const bare = expression.replaceAll(/\\(.)/gs, (whole, mark: string) => (/[\w<>]/.test(mark) ? whole : ' '));
  if (/\(\?|\\[pPxuAzQEkbB1-9<>]|\[\[|&&|--|~~/.test(bare)) return null;
  // There every mark may be escaped; here those that mean something.
  const escaped = expression.replaceAll(/\\(.)/gs, (whole, mark: string) =>
    /[!"#%&',\-:;=@_`~]/.test(mark) ? `\\x${mark.charCodeAt(0).toString(16)}` : whole,
  );
  try {
    return new RegExp(escaped, 'us');
  } catch {
    return null;
  }
}

/** Each of one character or class; an unknown piece makes the whole unknown. */
const piece = /\\([^A-Za-z0-9])|(\[\^?(?:\\.|[^\]\\])+\])|(\.)|([^\\[\](){}^$|.*+?])/y;

/** Texts that it matches as a whole: several, so that expressions that meet are told apart; none where it is not understood. */
export function examplesOf(expression: string): string[] {
  const [few, many]: [string[], string[]] = [[], []];
  let at = 0;
  while (at < expression.length) {
    piece.lastIndex = at;
    const found = piece.exec(expression);
    if (found === null) return [];
    const [text, escaped, set, dot, plain] = found;
    at += text.length;
    const times = /^[*+?]/.exec(expression.slice(at))?.[0] ?? '';
    at += times.length;
    const members = set !== undefined ? membersOf(set) : dot !== undefined ? ['x', '~'] : [escaped ?? plain ?? ''];
    const [first, last] = [members[0], members.at(-1)];
    if (first === undefined || last === undefined) return [];
    if (times !== '*' && times !== '?') few.push(first);
    many.push(times === '*' || times === '+' ? `${last}${last}` : last);
  }
  return [...new Set([few.join(''), many.join('')])].filter((text) => expressionMatches(expression, text) === 'yes');
}

/** One of each range in a class, or of what stands outside of it. */
function membersOf(set: string): string[] {
  let test: RegExp;
  try {
    test = new RegExp(`^${set}$`, 'su');
  } catch {
    return [];
  }
  const named = set.slice(1, -1).match(/[A-Za-z0-9_~-]/g) ?? [];
  return ['0', 'x', ...named, '~', '-', 'Z'].filter((each) => test.test(each));
}
