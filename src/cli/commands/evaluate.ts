/** `kguardian evaluate <kind>`: a line that cannot be answered says why, the others are answered all the same. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import type { PolicyKind } from '#policies/kind.ts';
import { readArtifact } from '../artifacts.ts';
import { Failure, systemReason } from '../failure.ts';
import { tell } from '../story.ts';

export async function evaluate(kind: PolicyKind, queries: string, given: Record<string, unknown>): Promise<void> {
  const evaluator = await readArtifact(String(given['profile']), kind.name, given);
  let unanswered = 0;
  function answer(text: string): object {
    let id: unknown;
    try {
      const { id: named, ...question } = JSON.parse(text) as Record<string, unknown>;
      id = named;
      const parsed = kind.query.safeParse(question);
      if (parsed.success) {
        const { verdict, rule } = evaluator.answer(parsed.data);
        return { id, verdict, rule };
      }
      const [issue] = parsed.error.issues;
      throw new Error(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
    } catch (error) {
      unanswered += 1;
      return { id, error: error instanceof SyntaxError ? 'not JSON' : (error as Error).message };
    }
  }
  try {
    const input = queries === '-' ? process.stdin : createReadStream(queries);
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line.trim() === '') continue;
      if (!process.stdout.write(`${JSON.stringify(answer(line))}\n`)) await once(process.stdout, 'drain');
    }
  } catch (error) {
    throw new Failure(`cannot read ${JSON.stringify(queries)}: ${systemReason(error)}`, 2, error);
  }
  if (unanswered > 0) {
    tell(`${unanswered} of the questions could not be answered; their lines say why`);
    process.exitCode = 2;
  }
}
