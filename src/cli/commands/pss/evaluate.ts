/** `kguardian evaluate pss`: `{id, level, version, pod}` in, `{id, allowed, reasons}` out; a line that cannot be answered says why. */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { defaulted } from '#posture/pss/defaults.ts';
import { violations, violationText } from '#posture/pss/evaluate.ts';
import { levels, parseVersion } from '#posture/pss/level.ts';
import { readPod } from '#posture/pss/pod.ts';
import { Failure, systemReason } from '../../failure.ts';
import { tell } from '../../story.ts';

/** Other fields of a line, such as what its writer expects, are passed over. */
const question = z.object({
  id: z.unknown(),
  level: z.enum(levels),
  version: z.string().default('latest'),
  pod: z.unknown(),
});

export async function evaluatePods(queries: string): Promise<void> {
  let unanswered = 0;
  function answer(text: string): object {
    let id: unknown;
    try {
      const object = JSON.parse(text) as { id?: unknown } | null;
      id = object?.id;
      const parsed = question.safeParse(object);
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        throw new Error(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
      }
      const { level, pod } = parsed.data;
      const version = parseVersion(parsed.data.version);
      if (version === null) throw new Error(`version: ${JSON.stringify(parsed.data.version)} is not latest or v1.N`);
      if (pod === undefined) throw new Error('pod: is missing');
      const reasons = violations(defaulted(readPod(pod)), level, version).map(violationText);
      return { id, allowed: reasons.length === 0, reasons };
    } catch (error) {
      unanswered += 1;
      return { id, error: error instanceof SyntaxError ? 'not JSON' : (error as Error).message };
    }
  }
  try {
    const input = queries === '-' ? process.stdin : createReadStream(queries);
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (text.trim() === '') continue;
      if (!process.stdout.write(`${JSON.stringify(answer(text))}\n`)) await once(process.stdout, 'drain');
    }
  } catch (error) {
    throw new Failure(`cannot read ${JSON.stringify(queries)}: ${systemReason(error)}`, 2, error);
  }
  if (unanswered > 0) {
    tell(`${unanswered} of the questions could not be answered; their lines say why`);
    process.exitCode = 2;
  }
}
