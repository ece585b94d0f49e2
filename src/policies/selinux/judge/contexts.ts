/** What a policy says of labels: `filecon` for paths, `portcon` for ports. */
import { encodeText } from '#observation/text.ts';
import { type Expression, type List, symbol, textOf } from './expressions.ts';
import { lookUp, type Scope } from './names.ts';
import { type Names, typeSet, Unresolved } from './resolve.ts';

/** The classes of files that a context is for; null: any. */
export type FileClass = 'file' | 'dir' | 'lnk_file' | 'sock_file' | 'fifo_file' | 'chr_file' | 'blk_file';

export type ContextRule =
  | {
      readonly type: 'file';
      /** A regular expression over the whole path. */
      readonly pattern: string;
      readonly matches: (path: string) => boolean;
      readonly class: FileClass | null;
      /** Null where the path is to have no label. */
      readonly label: string | null;
      readonly own: boolean;
    }
  | {
      readonly type: 'port';
      readonly protocol: string;
      readonly low: number;
      readonly high: number;
      readonly label: string;
      readonly own: boolean;
    };

const fileClasses: Readonly<Record<string, FileClass | null>> = {
  any: null,
  file: 'file',
  dir: 'dir',
  char: 'chr_file',
  block: 'blk_file',
  socket: 'sock_file',
  pipe: 'fifo_file',
  symlink: 'lnk_file',
};

export function isContextRule(word: string): boolean {
  return word === 'filecon' || word === 'portcon';
}

export function contextRule(list: List, scope: Scope, own: boolean, names: Names): ContextRule {
  const [, second, third, fourth] = list.items;
  const label = labelOf(fourth, scope, names);
  if (symbol(list, 0) === 'filecon') {
    const kind = fileClasses[symbol(list, 2) ?? ''];
    if (second?.type !== 'atom' || kind === undefined)
      throw new Unresolved('a file context has a path and a kind of file');
    return { type: 'file', pattern: second.text, matches: matcher(second.text), class: kind, label, own };
  }
  const [low, high] =
    third?.type === 'list' ? [symbol(third, 0), symbol(third, 1)] : [symbol(list, 2), symbol(list, 2)];
  if (label === null || low === null || high === null) throw new Unresolved('a port context has a port and a context');
  return { type: 'port', protocol: symbol(list, 1) ?? '', low: Number(low), high: Number(high), label, own };
}

/** The type of a context, written out or by its name; null for `()`. */
function labelOf(expression: Expression | undefined, scope: Scope, names: Names): string | null {
  if (expression === undefined) throw new Unresolved('a context is missing');
  if (expression.type === 'list') {
    if (expression.items.length === 0) return null;
    const set = typeSet(expression.items[2], scope, names);
    if (set.op === 'type' || set.op === 'external') return set.name;
    throw new Unresolved(`${textOf(expression)} has no type`);
  }
  const found = lookUp(scope, 'other', expression.text);
  if (found !== null && 'statement' in found) return labelOf(found.statement.items[2], found.scope, names);
  throw new Unresolved(`no context ${JSON.stringify(expression.text)} is declared`);
}

/**
 * Patterns are PCRE2 over the bytes of the whole path (libselinux, label_file); those that our engine cannot read say so.
 */
export function matcher(pattern: string): (path: string) => boolean {
  try {
    const expression = new RegExp(`^(?:${bytesOf(pattern)})$`, 's');
    return (path) => expression.test(bytesOf(path));
  } catch {
    throw new Unresolved(`${JSON.stringify(pattern)} is no regular expression`);
  }
}

/** One character for each byte. */
function bytesOf(text: string): string {
  return /^[\0-\x7f]*$/.test(text) ? text : String.fromCharCode(...encodeText(text));
}

/**
 * Of several file contexts the more specific one holds (libsepol/cil/src/cil_post.c): one without special characters
 * first, then the longer text before the first of them, then the longer pattern, then one for a kind of file.
 */
export function fileContext(rules: readonly ContextRule[], path: string, kind: FileClass): ContextRule | null {
  let best: Extract<ContextRule, { type: 'file' }> | null = null;
  for (const rule of rules) {
    if (rule.type !== 'file' || (rule.class !== null && rule.class !== kind) || !rule.matches(path)) continue;
    if (best === null || weight(rule) >= weight(best)) best = rule;
  }
  return best;
}

function weight({ pattern, class: kind }: Extract<ContextRule, { type: 'file' }>): number {
  const special = pattern.replaceAll(/\\./g, '__').search(/[.^$?*+|[({]/);
  const stem = special < 0 ? pattern.length : special;
  return (special < 0 ? 1e12 : 0) + stem * 1e7 + Math.min(pattern.length, 1e5) * 10 + (kind === null ? 0 : 1);
}

export function portContext(rules: readonly ContextRule[], protocol: string, port: number): ContextRule | null {
  const matching = rules.filter(
    (rule) => rule.type === 'port' && rule.protocol === protocol && rule.low <= port && port <= rule.high,
  );
  const width = (rule: ContextRule): number => (rule.type === 'port' ? rule.high - rule.low : 0);
  // The narrower range stands first in the policy (cil_post_portcon_compare).
  return matching.toSorted((a, b) => width(a) - width(b))[0] ?? null;
}
