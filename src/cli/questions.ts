/** Questions as JSON lines in, answers as JSON lines out: one that cannot be answered says why, the others are answered all the same. */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { z } from 'zod';
import { Failure, systemReason } from './failure.ts';
import { count, tell } from './story.ts';
import { standardInput } from './standard-input.ts';

/**
 * `answer` gets what the schema made of a line without its `id`, and throws an Error whose message says why there is none.
 * Exit code 2 when a question stayed without an answer.
 */
export async function answerLines<Q>(
  queries: string,
  schema: z.ZodType<Q>,
  answer: (question: Q) => object,
): Promise<void> {
  let unanswered = 0;
  function line(text: string): object {
    let id: unknown;
    try {
      const given = JSON.parse(text) as unknown;
      const { id: named, ...question } = Object(given) as { id?: unknown };
      id = named;
      const parsed = schema.safeParse(typeof given === 'object' && given !== null ? question : given);
      if (parsed.success) return { id, ...answer(parsed.data) };
      const [issue] = parsed.error.issues;
      throw new Error(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
    } catch (error) {
      unanswered += 1;
      return { id, error: error instanceof SyntaxError ? 'not JSON' : (error as Error).message };
    }
  }
  try {
    const input = queries === '-' ? standardInput() : createReadStream(queries);
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (text.trim() === '') continue;
      if (!process.stdout.write(`${JSON.stringify(line(text))}\n`)) await once(process.stdout, 'drain');
    }
  } catch (error) {
    throw new Failure(`cannot read ${JSON.stringify(queries)}: ${systemReason(error)}`, 2, error);
  }
  if (unanswered > 0) {
    tell(`${count(unanswered, 'question')} could not be answered; the answer says why`);
    process.exitCode = 2;
  }
}
