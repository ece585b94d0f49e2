/** One edit of a block of YAML as a splice of its text, so that all the rest stays as it was written. */
import { isMap, isScalar, isSeq, type Node, type Pair, stringify, type YAMLMap } from 'yaml';
import type { Edit } from './change.ts';
import { editable, type Part } from './documents.ts';

/** Null where the place is no plain block: flow collections, aliases, items of lists. Whoever asks checks what came out. */
export function spliced(part: Part, { path, value }: Edit, indentSeq: boolean): string | null {
  const { text } = part;
  const document = editable(part);
  let node: unknown = document.contents;
  for (const [at, key] of path.entries()) {
    if (isSeq(node)) {
      node = node.get(key, true);
      continue;
    }
    if (!isMap(node) || node.flow === true || node.items.length === 0) return null;
    const map: YAMLMap = node;
    const pair = map.items.find((each) => isScalar(each.key) && each.key.value === key);
    if (pair === undefined) return value === undefined ? null : added(text, map, path.slice(at), value, indentSeq);
    if (at === path.length - 1) return value === undefined ? removed(text, map, pair) : replaced(text, pair, value);
    node = pair.value;
  }
  return null;
}

function added(
  text: string,
  map: YAMLMap,
  path: readonly (string | number)[],
  value: unknown,
  indentSeq: boolean,
): string | null {
  const first = map.items[0]?.key as Node | undefined;
  const begin = first?.range?.[0];
  const end = endOf(map);
  if (begin === undefined || end === null || path.some((key) => typeof key === 'number')) return null;
  const indent = ' '.repeat(begin - (text.lastIndexOf('\n', begin - 1) + 1));
  const lines = stringify(
    path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value),
    { lineWidth: 0, indentSeq, version: '1.1' },
  );
  const block = lines.replaceAll(/^(?=.)/gm, indent);
  // A block scalar ends with its line; anything else may have a comment behind it.
  const at = text[end - 1] === '\n' ? end : lineEnd(text, end);
  const before = text.slice(0, at);
  return `${before}${before.endsWith('\n') ? '' : '\n'}${block}${text.slice(at)}`;
}

/** Only a plain value by another. */
function replaced(text: string, { value: old }: Pair, value: unknown): string | null {
  if (!isScalar(old) || !old.range || old.type === 'BLOCK_LITERAL' || old.type === 'BLOCK_FOLDED') return null;
  if (typeof value === 'object' || old.range[0] === old.range[1]) return null;
  const [begin, end] = old.range;
  return `${text.slice(0, begin)}${stringify(value, { version: '1.1' }).trimEnd()}${text.slice(end)}`;
}

function removed(text: string, map: YAMLMap, pair: Pair): string | null {
  const begin = (pair.key as Node).range?.[0];
  const end = endOfPair(pair);
  if (begin === undefined || end === null) return null;
  if (map.items.length === 1) return `${text.slice(0, begin)}{}${text.slice(end)}`;
  const line = text.lastIndexOf('\n', begin - 1) + 1;
  // Beside the dash of a list's item there is more than the key.
  if (text.slice(line, begin).trim() !== '') return null;
  const last = text[end - 1] === '\n' ? end : lineEnd(text, end);
  return `${text.slice(0, line)}${text.slice(last)}`;
}

/** Behind the last character, without what comments follow. */
function endOf(node: Node): number | null {
  if ((isMap(node) || isSeq(node)) && node.flow !== true) {
    const last = node.items.at(-1);
    if (last === undefined) return node.range?.[1] ?? null;
    return isMap(node) ? endOfPair(last as Pair) : endOf(last as Node);
  }
  return node.range?.[1] ?? null;
}

function endOfPair({ key, value }: Pair): number | null {
  return endOf((value ?? key) as Node);
}

/** Behind the line's own end. */
function lineEnd(text: string, at: number): number {
  const next = text.indexOf('\n', at);
  return next === -1 ? text.length : next + 1;
}
