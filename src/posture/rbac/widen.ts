/** Rights beside those that were used, on purpose: declared one by one. */
import type { ApiUse } from '#kubernetes/api-use.ts';
import { meets } from './settle.ts';
import { wordsOf } from './uses.ts';

/**
 * An informer lists and then watches, and lists again when its watch is too old: a log may show one of the two alone. What
 * was refused is not widened to.
 */
const partners: Readonly<Record<string, string>> = { list: 'watch', watch: 'list' };

export function widenedForInformers(
  uses: readonly ApiUse[],
  refusals: readonly ApiUse[],
): { readonly uses: readonly ApiUse[]; readonly notes: readonly string[] } {
  const known = new Set(uses.map(keyOf));
  const notes: string[] = [];
  const more = uses.flatMap((use): ApiUse[] => {
    const verb = partners[use.verb];
    if (verb === undefined || !use.resourceRequest || use.subresource !== '') return [];
    const other = { ...use, verb };
    if (known.has(keyOf(other))) return [];
    if (refusals.some((each) => meets(other, each))) {
      notes.push(`is not widened to for informers, since it was refused: ${wordsOf(other)}`);
      return [];
    }
    notes.push(`is granted for informers, and was not seen: ${wordsOf(other)}`);
    return [other];
  });
  return { uses: [...uses, ...more], notes };
}

function keyOf({ user, verb, apiGroup, resource, subresource, namespace }: ApiUse): string {
  return JSON.stringify([user, verb, apiGroup, resource, subresource, namespace]);
}
