/** A document with changes: its comments, its order and the style of its strings stay. */
import { isAlias, isMap, isSeq, type Document, type Node } from 'yaml';
import { changed, type Edit } from './change.ts';
import { editable, type Part } from './documents.ts';
import { spliced } from './splice.ts';

/**
 * The text of the part with the changes. JSON stays JSON. Throws for what cannot be edited: a part with several documents,
 * or a path through what is no map or list.
 */
export function edited(part: Part, edits: readonly Edit[]): string {
  if (isJson(part.text)) return jsonText(part.text, edits);
  // As most of the file does it: a list below its key, or further in.
  const indentSeq = !/^( *)[\w.-]+:[ \t]*(#.*)?\n\1- /m.test(part.text);
  const text = edits.reduce((now, edit) => editedText({ ...part, text: now }, edit, indentSeq), part.text);
  return part.text.includes('\r\n') ? text.replaceAll(/\r?\n/g, '\r\n') : text;
}

/** Spliced where that says what it should; else the whole document is written again, its comments with it. */
function editedText(part: Part, edit: Edit, indentSeq: boolean): string {
  const document = editable(part);
  if (document.errors[0] !== undefined) throw document.errors[0];
  apply(document, edit.path, edit.value);
  const expected = JSON.stringify(inOrder(document.toJS()));
  const text = spliced(part, edit, indentSeq);
  if (text !== null) {
    const again = editable({ ...part, text });
    if (again.errors.length === 0 && JSON.stringify(inOrder(again.toJS())) === expected) return text;
  }
  return document.toString({
    lineWidth: 0,
    doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
    flowCollectionPadding: /\{ /.test(part.text),
    indentSeq,
  });
}

function jsonText(text: string, edits: readonly Edit[]): string {
  const indent = /\n([ \t]+)/.exec(text)?.[1];
  return `${JSON.stringify(changed(JSON.parse(text), edits), null, indent)}${text.endsWith('\n') ? '\n' : ''}`;
}

/** Objects with their keys in order: texts of equal objects are equal. */
function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(inOrder);
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, inOrder(each)]),
  );
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
