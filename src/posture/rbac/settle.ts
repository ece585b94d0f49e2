/**
 * What was allowed at one time, or to one member of a group, and refused at another: which of the two counts. The later one
 * of the same user does; of a group, whoever was refused must not get it by his membership.
 */
import type { ApiUse } from '#kubernetes/api-use.ts';
import { wordsOf } from './uses.ts';

export interface Settled {
  readonly needed: readonly ApiUse[];
  /** Refusals that still stand. */
  readonly refusals: readonly ApiUse[];
  readonly notes: readonly string[];
}

export function settled(allowed: readonly ApiUse[], refused: readonly ApiUse[]): Settled {
  const notes: string[] = [];
  const outdated = new Set<ApiUse>();
  for (const refusal of refused) {
    const since = allowed.some(
      (use) => use.user === refusal.user && use.last > refusal.last && isWithin(refusal, use) && meets(use, refusal),
    );
    if (!since) continue;
    outdated.add(refusal);
    notes.push(`was refused before it was allowed, and is granted: ${wordsOf(refusal)}`);
  }
  const refusals = refused.filter((each) => !outdated.has(each));
  const needed = allowed.flatMap((use): ApiUse[] => {
    const against = refusals.filter((each) => meets(use, each));
    if (against.length === 0) return [use];
    for (const { user } of against)
      notes.push(
        user === use.user
          ? `was allowed before it was refused, and is not granted: ${wordsOf(use)}`
          : `is not granted by the group, since ${user} was refused it: ${wordsOf(use)} by ${use.user}`,
      );
    // Names that nobody was refused stay.
    const names = use.names.filter((name) => !against.some((each) => each.nameless || each.names.includes(name)));
    return use.nameless || use.manyNames || names.length === 0 ? [] : [{ ...use, names }];
  });
  return { needed, refusals, notes: [...new Set(notes)] };
}

/** Whether all that the refusal was about was allowed. */
function isWithin(refusal: ApiUse, use: ApiUse): boolean {
  if (use.nameless) return true;
  return !refusal.nameless && !refusal.manyNames && refusal.names.every((name) => use.names.includes(name));
}

/** Whether the right, granted as it was used, lets in something that was refused. */
export function meets(use: ApiUse, refusal: ApiUse): boolean {
  if (!isSameRight(use, refusal)) return false;
  if (!use.resourceRequest || use.nameless) return true;
  return refusal.names.some((name) => use.names.includes(name));
}

/** But for the names; a right in all namespaces is one in each. */
export function isSameRight(use: ApiUse, refusal: ApiUse): boolean {
  return (
    use.verb === refusal.verb &&
    use.resourceRequest === refusal.resourceRequest &&
    use.apiGroup === refusal.apiGroup &&
    use.resource === refusal.resource &&
    use.subresource === refusal.subresource &&
    use.path === refusal.path &&
    (use.namespace === '' || use.namespace === refusal.namespace)
  );
}
