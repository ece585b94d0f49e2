/** A document with changes: its comments, its order and the style of its strings stay. */
import { isAlias, isMap, isSeq, type Document, type Node } from 'yaml';
import { editable, type Part } from './documents.ts';

export interface Edit {
  /** From the document's root; the last key may be one that is not there yet. */
  readonly path: readonly (string | number)[];
  /** Undefined takes away what stands there. */
  readonly value: unknown;
}

/**
 * The text of the part with the changes. JSON stays JSON. Throws for what cannot be edited: a part with several documents,
 * or a path through what is no map or list.
 */
export function edited(part: Part, edits: readonly Edit[]): string {
  const document = editable(part);
  for (const { path, value } of edits) apply(document, path, value);
  if (isJson(part.text)) {
    const indent = /\n([ \t]+)/.exec(part.text)?.[1];
    return `${JSON.stringify(document.toJS(), null, indent)}${part.text.endsWith('\n') ? '\n' : ''}`;
  }
  const text = document.toString({
    lineWidth: 0,
    flowCollectionPadding: /\{ /.test(part.text),
    // As most of the file does it: a list below its key, or further in.
    indentSeq: !/^( *)[\w.-]+:[ \t]*(#.*)?\n\1- /m.test(part.text),
  });
  return part.text.includes('\r\n') ? text.replaceAll(/\r?\n/g, '\r\n') : text;
}

function isJson(text: string): boolean {
  if (!/^\s*[{[]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function apply(document: Document.Parsed, path: readonly (string | number)[], value: unknown): void {
  const last = path.at(-1);
  if (last === undefined) throw new Error('an edit has no path');
  if (value === undefined && !hasIn(document.toJS() as unknown, path)) return;
  let node: unknown = document.contents;
  for (const [at, key] of path.slice(0, -1).entries()) node = child(document, node, key, path[at + 1]);
  if (!isMap(node) && !isSeq(node)) throw new Error(`${path.join('.')} leads through what is no map or list`);
  if (value !== undefined) node.set(last, document.createNode(value));
  else if (node.has(last)) node.delete(last);
  // It comes from a map that this one merges, which others may share: null says that it is not set here.
  else node.set(last, document.createNode(null));
}

function hasIn(object: unknown, path: readonly (string | number)[]): boolean {
  let now = object;
  for (const key of path) {
    if (typeof now !== 'object' || now === null || !(key in now)) return false;
    now = (now as Record<string | number, unknown>)[key];
  }
  return true;
}

/** The collection below a key: what is shared by an alias or a merge becomes this place's own, what is missing is made. */
function child(
  document: Document.Parsed,
  node: unknown,
  key: string | number,
  next: string | number | undefined,
): Node {
  if (!isMap(node) && !isSeq(node)) throw new Error(`nothing can be put below ${JSON.stringify(key)}`);
  const found = node.get(key, true) as Node | undefined;
  if (isMap(found) || isSeq(found)) return found;
  const known = isAlias(found) ? found.toJS(document) : (node.toJS(document) as Record<string | number, unknown>)[key];
  const made = document.createNode(known ?? (typeof next === 'number' ? [] : {}));
  node.set(key, made);
  return made;
}
