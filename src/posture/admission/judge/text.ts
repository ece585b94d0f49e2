/** Documents of a file of policies. */
import { parseAllDocuments } from 'yaml';
import type { z } from 'zod';
import { json, list } from '#kubernetes/json.ts';
import { Unjudgeable } from './program.ts';

/** Items of lists stand for themselves. Throws `Unjudgeable`. */
export function objectsOf(text: string): Readonly<Record<string, unknown>>[] {
  return parseAllDocuments(text).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new Unjudgeable(`the text is no YAML: ${error.message.split('\n')[0] ?? ''}`);
    const object = json(document.toJS());
    return typeof object['kind'] === 'string' && object['kind'].endsWith('List')
      ? list(object['items']).map(json)
      : [object];
  });
}

/** Throws `Unjudgeable` with the place. */
export function read<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Unjudgeable(`${what}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
}
