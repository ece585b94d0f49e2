/** Asks the authorizer, which shares no code with the draft, for everything that was seen. */
import type { ApiUse } from '#kubernetes/api-use.ts';
import type { YamlMap } from '#kubernetes/yaml-text.ts';
import { authorizerOf } from './authorizer.ts';
import { everybodys } from './everybody.ts';
import { rbacObject } from './objects.ts';
import { requestsOf, wordsOf } from './uses.ts';

export interface RbacProof {
  readonly allowed: number;
  /** Requests that are needed and would not be allowed. */
  readonly refused: readonly string[];
  /** Requests that were refused and would be allowed. */
  readonly granted: readonly string[];
}

/** `refusals` are of those whom the objects are for, and still stand. */
export function proveRbac(
  objects: readonly YamlMap[],
  needed: readonly ApiUse[],
  refusals: readonly ApiUse[],
): RbacProof {
  const authorizer = authorizerOf([...everybodys, ...objects.map((each) => rbacObject.parse(each))]);
  const asked = (uses: readonly ApiUse[]): { words: string; allowed: boolean }[] =>
    uses.flatMap((use) =>
      requestsOf(use).map((each) => ({
        words: `${wordsOf(use)}${each.name === '' ? '' : ` ${JSON.stringify(each.name)}`}`,
        allowed: authorizer.authorize(each).allowed,
      })),
    );
  const wanted = asked(needed);
  return {
    allowed: wanted.filter(({ allowed }) => allowed).length,
    refused: wanted.filter(({ allowed }) => !allowed).map(({ words }) => words),
    granted: asked(refusals)
      .filter(({ allowed }) => allowed)
      .map(({ words }) => words),
  };
}
