/** File rules and link rules. */
import { compileGlob, type Glob } from './glob.ts';
import { type Qualifiers, type Reading, refusing } from './reading.ts';
import type { ExecMode, FileRule, Letter, LinkRule } from './rules.ts';
import type { Word } from './scanner.ts';

const modes = /[rwalkmRWALKMpPcCiIuUxX]+(?=\s|,)/y;
const all: readonly Letter[] = ['r', 'w', 'm', 'k', 'l', 'x'];
/** Everything below the root, the root too. */
const everything = '/{**,}';

export function readFileRule(reading: Reading, { where, deny, owner: outer }: Qualifiers): FileRule {
  const { scanner } = reading;
  const keyword = scanner.take(/file(?=[\s,])/y) !== null;
  const owner = outer || (keyword && scanner.take(/owner(?=\s)/y) !== null);
  const common = { type: 'file' as const, where, deny, owner };
  if (keyword && scanner.peek(/,/y) !== null) {
    scanner.endOfRule();
    const exec: ExecMode = { text: deny ? 'x' : 'ix', to: deny ? 'denied' : 'inherit', fallback: null, target: null };
    return { ...common, path: everything, globs: [compileGlob(everything)], letters: new Set(all), exec };
  }
  if (scanner.peek(/unsafe\s|safe\s/y) !== null) scanner.fail('safe and unsafe are not modelled');
  const first = scanner.take(modes);
  const path = pathWord(reading);
  const mode = first ?? scanner.expect(modes, 'permissions');
  const target = scanner.take(/->/y) === null ? null : targetOf(reading);
  scanner.endOfRule();
  const { letters, exec } = refusing(scanner, () => modeOf(reading, mode, deny, target));
  return { ...common, path: path.raw, globs: globsOf(reading, path), letters, exec };
}

export function readLinkRule(reading: Reading, { where, deny, owner }: Qualifiers): LinkRule {
  const { scanner } = reading;
  scanner.expect(/link/y, 'link');
  const subset = scanner.take(/subset(?=\s)/y) !== null;
  const link = pathWord(reading);
  scanner.expect(/->/y, '-> and what is linked to');
  const existing = pathWord(reading);
  scanner.endOfRule();
  return {
    ...{ type: 'link', where, deny, owner, subset, link: link.raw, existing: existing.raw },
    links: globsOf(reading, link),
    existings: globsOf(reading, existing),
  };
}

/** A path starts with a slash once its variables are resolved. */
function pathWord({ scanner, expand }: Reading): Word {
  const word = scanner.word();
  if (!/^"?[/@]/.test(word.raw)) scanner.fail(`no rule starts with ${JSON.stringify(word.raw)}`);
  for (const each of expand(word.pattern))
    if (!each.startsWith('/')) scanner.fail(`${word.raw} does not start with a slash`);
  return word;
}

function targetOf(reading: Reading): string {
  const { pattern } = reading.scanner.word();
  return (reading.expand(pattern)[0] ?? pattern).replaceAll(/\\(.)/g, '$1');
}

export function globsOf({ scanner, expand }: Reading, { pattern }: Pick<Word, 'pattern'>): Glob[] {
  return refusing(scanner, () => expand(pattern).map((each) => compileGlob(withoutDoubleSlashes(each))));
}

/** POSIX leaves exactly two at the start alone, and so does the parser. */
function withoutDoubleSlashes(pattern: string): string {
  const start = /^\/\/(?!\/)/.test(pattern) ? '/' : '';
  return start + pattern.slice(start.length).replaceAll(/\/{2,}/g, '/');
}

function modeOf(
  { scanner }: Reading,
  text: string,
  deny: boolean,
  target: string | null,
): { letters: Set<Letter>; exec: ExecMode | null } {
  const letters = new Set<Letter>();
  let exec: ExecMode | null = null;
  for (const part of text.match(/(?:[pPcC][iIuU]?|[iIuU])[xX]|[xX]|./g) ?? []) {
    if (!/[xX]$/.test(part)) {
      const letter = part.toLowerCase() as Letter; // of `modes`
      if (!all.includes(letter) && letter !== 'a') scanner.fail(`${JSON.stringify(part)} is no permission`);
      letters.add(letter);
      continue;
    }
    if (deny !== (part.length === 1))
      scanner.fail(deny ? `a deny rule takes x, not ${part}` : 'x needs a mode: ix, px, cx or ux');
    const mode = execMode(part, target);
    if (exec !== null && exec.text !== mode.text) scanner.fail(`${exec.text} and ${mode.text} in one rule`);
    exec = mode;
    letters.add('x');
  }
  if (letters.has('w') && letters.has('a')) scanner.fail('w and a exclude one another');
  if (target !== null && (exec === null || !['profile', 'child'].includes(exec.to)))
    scanner.fail('-> needs a mode that changes the profile');
  return { letters, exec };
}

function execMode(text: string, target: string | null): ExecMode {
  const first = text[0]?.toLowerCase();
  const second = text.length === 3 ? text[1]?.toLowerCase() : undefined;
  const to =
    first === 'p'
      ? 'profile'
      : first === 'c'
        ? 'child'
        : first === 'i'
          ? 'inherit'
          : first === 'u'
            ? 'unconfined'
            : 'denied';
  const fallback = second === 'i' ? 'inherit' : second === 'u' ? 'unconfined' : null;
  return { text, to, fallback, target };
}
