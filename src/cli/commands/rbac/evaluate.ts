/** `kguardian evaluate rbac`: requests against roles and bindings. */
import { readFile } from 'node:fs/promises';
import { authorizerOf } from '#posture/rbac/authorizer.ts';
import { type RbacObject, readRbac, UnreadableRbac } from '#posture/rbac/objects.ts';
import { request } from '#posture/rbac/request.ts';
import { Failure, systemReason } from '../../failure.ts';
import { answerLines } from '../../questions.ts';
import { tell } from '../../story.ts';

export async function evaluateRbac(queries: string, { rbac }: { readonly rbac: readonly string[] }): Promise<void> {
  const authorizer = authorizerOf(await rbacIn(rbac));
  for (const each of [...authorizer.dangling, ...authorizer.openAggregations]) tell(each);
  await answerLines(queries, request, (asked) => ({ ...authorizer.authorize(asked) }));
}

/** What cannot be read might have granted: nothing is answered without it. */
async function rbacIn(files: readonly string[]): Promise<readonly RbacObject[]> {
  const all: RbacObject[] = [];
  for (const file of files) {
    try {
      const { objects, others } = readRbac(await readFile(file, 'utf8'));
      all.push(...objects);
      for (const [kind, number] of others) tell(`${file}: ${number} ${kind} passed over: it grants nothing`);
    } catch (error) {
      const reason = error instanceof UnreadableRbac ? error.message : systemReason(error);
      throw new Failure(`cannot read ${JSON.stringify(file)}: ${reason}`, 2, error);
    }
  }
  return all;
}
