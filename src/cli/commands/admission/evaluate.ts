/** `kguardian evaluate vap`, and so on: `{id, object, operation, namespace…}` in, `{id, allowed, reasons}` out. */
import { type FormName, forms } from '#posture/admission/forms.ts';
import { type Judge, verdict } from '#posture/admission/judge/judge.ts';
import { question, requestOf } from '#posture/admission/judge/request.ts';
import { Failure } from '../../failure.ts';
import { fileTexts } from '../../file-texts.ts';
import { answerLines } from '../../questions.ts';

export interface EvaluateFlags {
  readonly policy: readonly string[];
  readonly asEnforced?: boolean;
}

export async function evaluateAdmission(name: FormName, queries: string, flags: EvaluateFlags): Promise<void> {
  const judge = await judgeIn(name, flags.policy);
  await answerLines(queries, question, (asked) => ({ ...verdict(judge, requestOf(asked), flags.asEnforced === true) }));
}

/** All files are in force together. */
async function judgeIn(name: FormName, files: readonly string[]): Promise<Judge> {
  const texts = await fileTexts(files);
  try {
    return forms[name].judge(texts.map(({ text }) => `---\n${text}\n`).join(''));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'Unjudgeable') throw error;
    throw new Failure(
      `cannot judge by ${files.map((each) => JSON.stringify(each)).join(', ')}: ${error.message}`,
      2,
      error,
    );
  }
}
