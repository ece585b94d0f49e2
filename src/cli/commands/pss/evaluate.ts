/** `kguardian evaluate pss`: `{id, level, version, pod}` in, `{id, allowed, reasons}` out. */
import { z } from 'zod';
import { defaulted } from '#posture/pss/defaults.ts';
import { violations, violationText } from '#posture/pss/evaluate.ts';
import { levels, parseVersion } from '#posture/pss/level.ts';
import { readPod } from '#posture/pss/pod.ts';
import { answerLines } from '../../questions.ts';

/** Other fields of a line, such as what its writer expects, are passed over. */
const question = z.object({
  level: z.enum(levels),
  version: z.string().default('latest'),
  pod: z.unknown(),
});

export async function evaluatePods(queries: string): Promise<void> {
  await answerLines(queries, question, ({ level, pod, version: wanted }) => {
    const version = parseVersion(wanted);
    if (version === null) throw new Error(`version: ${JSON.stringify(wanted)} is not latest or v1.N`);
    if (pod === undefined) throw new Error('pod: is missing');
    const reasons = violations(defaulted(readPod(pod)), level, version).map(violationText);
    return { allowed: reasons.length === 0, reasons };
  });
}
