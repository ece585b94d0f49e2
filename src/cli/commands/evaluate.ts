/** `kguardian evaluate <kind>`. */
import type { z } from 'zod';
import type { PolicyKind, Verdict } from '#policies/kind.ts';
import { readArtifact } from '../artifacts.ts';
import { readCluster } from '../cluster-file.ts';
import { Failure } from '../failure.ts';
import { answerLines } from '../questions.ts';

export async function evaluate(kind: PolicyKind, queries: string, given: Record<string, unknown>): Promise<void> {
  const { query, answer } = await answering(kind, given);
  await answerLines(queries, query, (question) => {
    const { verdict, parts, rule } = answer(question);
    return { verdict, ...parts, rule };
  });
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
