/**
 * Files of manifests: YAML documents, or JSON. A document that cannot be read says so with its line, and the others are read
 * all the same. YAML is read as kubectl reads it: `yes` and `on` are truth values, times are strings.
 */
import {
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  parseDocument,
  type Document,
  type DocumentOptions,
  type ParseOptions,
  type SchemaOptions,
  type Tags,
} from 'yaml';

/** One document of a file, `text` its own part with the `---` before it. */
export interface Part {
  /** Of the first line in the file, from 1. */
  readonly line: number;
  readonly text: string;
}

export type Read =
  | { readonly type: 'object'; readonly part: Part; readonly object: unknown }
  /** `line` is the fault's own. */
  | { readonly type: 'broken'; readonly part: Part; readonly line: number; readonly what: string };

type SchemaTags = Exclude<Tags, 'core' | 'failsafe' | 'json' | 'yaml-1.1'>;

export const asKubectl = {
  version: '1.1',
  customTags: (tags: SchemaTags): SchemaTags =>
    tags.filter(
      (tag) => typeof tag === 'string' || (tag.tag !== 'tag:yaml.org,2002:timestamp' && tag.format !== 'TIME'),
    ),
} as const satisfies ParseOptions & DocumentOptions & SchemaOptions;

/** A line that begins with `---` begins a document, whatever stands before it: so one that is broken ends there. */
export function parts(text: string): Part[] {
  const found: Part[] = [];
  let begin = 0;
  let beginLine = 1;
  let line = 1;
  for (let at = 0; at < text.length; ) {
    const next = text.indexOf('\n', at);
    const end = next === -1 ? text.length : next + 1;
    if (at > begin && /^---(\s|$)/.test(text.slice(at, Math.min(end, at + 4))) && !isPreamble(text.slice(begin, at))) {
      found.push({ line: beginLine, text: text.slice(begin, at) });
      begin = at;
      beginLine = line;
    }
    at = end;
    line += 1;
  }
  found.push({ line: beginLine, text: text.slice(begin) });
  return found;
}

/** Comments and directives belong to the document that follows. */
function isPreamble(text: string): boolean {
  return text.split('\n').every((line) => /^\s*(#.*)?$|^%/.test(line));
}

/** What a file holds, in its order; parts of comments alone are left out. */
export function documents(text: string): Read[] {
  if (/^\s*[{[]/.test(text)) {
    try {
      return [{ type: 'object', part: { line: 1, text }, object: JSON.parse(text) as unknown }];
    } catch {
      // YAML has a line for what is wrong with it.
    }
  }
  return parts(text).flatMap(readPart);
}

function readPart(part: Part): Read[] {
  try {
    return parseAllDocuments(part.text, asKubectl).flatMap((document: Document.Parsed): Read[] => {
      const [error] = document.errors;
      if (error !== undefined) {
        const line = part.line + (error.linePos?.[0].line ?? 1) - 1;
        return [{ type: 'broken', part, line, what: faultOf(error.message) }];
      }
      const object = document.toJS() as unknown;
      return object === null ? [] : [{ type: 'object', part, object }];
    });
  } catch (error) {
    // Aliases without end, say.
    return [{ type: 'broken', part, line: part.line, what: (error as Error).message }];
  }
}

/** Without the excerpt and the line, which is counted from the document's begin. */
function faultOf(message: string): string {
  return (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
}

/** One part as a document that can be changed and written again. */
export function editable(part: Part): Document.Parsed {
  return parseDocument(part.text, asKubectl);
}

/** Where the deepest thing on a path stands that is there at all: its line in the file, from 1. */
export function placesIn(part: Part): (path: readonly (string | number)[]) => number {
  let read: { readonly document: Document.Parsed; readonly counter: LineCounter } | null = null;
  return (path) => {
    if (read === null) {
      const counter = new LineCounter();
      read = { counter, document: parseDocument(part.text, { ...asKubectl, lineCounter: counter }) };
    }
    const { document, counter } = read;
    let node: unknown = document.contents;
    let offset = 0;
    for (const key of path) {
      if (isMap(node)) {
        const pair = node.items.find((each) => isScalar(each.key) && each.key.value === key);
        offset = isScalar(pair?.key) ? (pair.key.range?.[0] ?? offset) : offset;
      }
      node = isMap(node) || isSeq(node) ? node.get(key, true) : undefined;
      if (node === undefined) break;
      if (typeof key === 'number' && isNode(node)) offset = node.range?.[0] ?? offset;
    }
    return part.line + counter.linePos(offset).line - 1;
  };
}
