/** `kguardian evaluate <kind>`: a line that cannot be answered says why, the others are answered all the same. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import type { z } from 'zod';
import type { PolicyKind, Verdict } from '#policies/kind.ts';
import { readArtifact } from '../artifacts.ts';
import { readCluster } from '../cluster-file.ts';
import { Failure, systemReason } from '../failure.ts';
import { tell } from '../story.ts';

export async function evaluate(kind: PolicyKind, queries: string, given: Record<string, unknown>): Promise<void> {
  const { query, answer } = await answering(kind, given);
  let unanswered = 0;
  function line(text: string): object {
    let id: unknown;
    try {
      const { id: named, ...question } = JSON.parse(text) as Record<string, unknown>;
      id = named;
      const parsed = query.safeParse(question);
      if (parsed.success) {
        const { verdict, parts, rule } = answer(parsed.data);
        return { id, verdict, ...parts, rule };
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
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (text.trim() === '') continue;
      if (!process.stdout.write(`${JSON.stringify(line(text))}\n`)) await once(process.stdout, 'drain');
    }
  } catch (error) {
    throw new Failure(`cannot read ${JSON.stringify(queries)}: ${systemReason(error)}`, 2, error);
  }
  if (unanswered > 0) {
    tell(`${unanswered} of the questions could not be answered; their lines say why`);
    process.exitCode = 2;
  }
}

/** About the named artifact; without one, about what each question brings along. */
async function answering(
  kind: PolicyKind,
  given: Record<string, unknown>,
): Promise<{ query: z.ZodType; answer: (question: unknown) => Verdict }> {
  const profile = given['profile'] as string | undefined;
  if (profile === undefined) {
    if (kind.world === undefined) throw new Failure('name the artifact with --profile FILE');
    const answers = kind.world.answers();
    return { query: kind.world.query, answer: (question) => answers.answer(question) };
  }
  const cluster = await readCluster(given['cluster'] as string | undefined);
  const evaluator = (await readArtifact(profile, kind.name)).evaluator(cluster, given);
  return { query: kind.query, answer: (question) => evaluator.answer(question) };
}
