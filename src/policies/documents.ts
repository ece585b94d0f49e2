/** A text of API objects → the objects, with the path to each. */
import { parseAllDocuments } from 'yaml';
import type { z } from 'zod';
import { UnreadableArtifact } from './kind.ts';

/** An API object and the path to it. */
export interface Given {
  readonly object: unknown;
  readonly where: string;
}

/** Throws `UnreadableArtifact` for what is neither YAML nor JSON, or holds no object. */
export function objectsOf(text: string): Given[] {
  const json = jsonLines(text);
  if (json !== null) return json;
  const documents = [...parseAllDocuments(text, { prettyErrors: true })];
  const found: Given[] = [];
  for (const [at, document] of documents.entries()) {
    const where = documents.length === 1 ? '' : `documents[${at}]`;
    const [fault] = 'errors' in document ? document.errors : [];
    if (fault !== undefined) throw new UnreadableArtifact(where, `not YAML: ${fault.message.split('\n')[0]}`);
    found.push(...listed(document.toJS() as unknown, where));
  }
  if (found.length === 0 && !isEmptyList(documents)) throw new UnreadableArtifact('', 'holds no policy');
  return found;
}

/** A list of an API server that holds nothing is an answer. */
function isEmptyList(documents: readonly { toJS(): unknown }[]): boolean {
  return documents.some((document) => {
    const { items, kind } = (document.toJS() ?? {}) as { items?: unknown; kind?: unknown };
    return Array.isArray(items) && typeof kind === 'string' && kind.endsWith('List');
  });
}

/** One JSON object a line, as `gen -o json` writes; null for anything else. */
function jsonLines(text: string): Given[] | null {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length < 2 || !lines.every((line) => line.startsWith('{') && line.trimEnd().endsWith('}'))) return null;
  try {
    return lines.flatMap((line, at) => listed(JSON.parse(line), `documents[${at}]`));
  } catch {
    return null;
  }
}

function listed(object: unknown, where: string): Given[] {
  // What stands between two separators and is empty.
  if (object === null || object === undefined) return [];
  const { items, kind, apiVersion } = object as { items?: unknown; kind?: unknown; apiVersion?: unknown };
  if (!Array.isArray(items) || typeof kind !== 'string' || !kind.endsWith('List')) return [{ object, where }];
  // The items of a typed list do not say what they are.
  const own = kind === 'List' ? {} : { kind: kind.slice(0, -4), apiVersion };
  return items.flatMap((each, at) =>
    listed(
      typeof each === 'object' && each !== null ? { ...own, ...(each as object) } : each,
      `${where === '' ? '' : `${where}.`}items[${at}]`,
    ),
  );
}

/** The object as the schema of its kind has it. Throws `UnreadableArtifact` with the path to what the schema refuses. */
export function readAs<T>(schema: z.ZodType<T>, object: unknown, where: string): T {
  const parsed = schema.safeParse(object);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = (issue?.path ?? [])
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('');
  throw new UnreadableArtifact(`${where}${path}`.replace(/^\./, ''), issue?.message ?? 'not valid');
}
