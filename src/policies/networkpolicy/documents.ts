/** A text of API objects → the objects, with the path to each. */
import { LineCounter, parseAllDocuments } from 'yaml';
import { UnreadableArtifact } from '../kind.ts';
import type { Given } from './judge/read/policies.ts';

/** Throws `UnreadableArtifact` for what is neither YAML nor JSON, or holds no object. */
export function objectsOf(text: string): Given[] {
  const lines = new LineCounter();
  const documents = [...parseAllDocuments(text, { lineCounter: lines, prettyErrors: true })];
  const found: Given[] = [];
  for (const [at, document] of documents.entries()) {
    const where = documents.length === 1 ? '' : `documents[${at}]`;
    const [fault] = 'errors' in document ? document.errors : [];
    if (fault !== undefined) throw new UnreadableArtifact(where, `not YAML: ${fault.message.split('\n')[0]}`);
    found.push(...listed(document.toJS() as unknown, where));
  }
  if (found.length === 0) throw new UnreadableArtifact('', 'holds no policy');
  return found;
}

function listed(object: unknown, where: string): Given[] {
  // What stands between two separators and is empty.
  if (object === null || object === undefined) return [];
  const { items, kind } = object as { items?: unknown; kind?: unknown };
  if (!Array.isArray(items) || typeof kind !== 'string' || !kind.endsWith('List')) return [{ object, where }];
  return items.flatMap((each, at) => listed(each, `${where === '' ? '' : `${where}.`}items[${at}]`));
}
