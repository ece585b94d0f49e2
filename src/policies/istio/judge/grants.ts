/** An ALLOW rule as single grants: one source, one operation, in words that do not depend on where the rule stands. */
import type { Policy } from './read.ts';
import type { Operation, Rule, Source } from './schema.ts';

export interface Grant {
  readonly text: string;
  readonly rule: Rule;
  /** What it is a part of. */
  readonly whole: Rule;
}

export function grantsOf({ name, rules }: Pick<Policy, 'name' | 'rules'>): Grant[] {
  return rules.flatMap((rule) => {
    const sources = (rule.from ?? [{ source: {} }]).flatMap(({ source }) => singles<Source>(source));
    const operations = (rule.to ?? [{ operation: {} }]).flatMap(({ operation }) => singles<Operation>(operation));
    const when = (rule.when ?? []).map((each) => JSON.stringify(each)).toSorted();
    return sources.flatMap((source) =>
      operations.map((operation): Grant => {
        const [from, to] = [words(source), words(operation)];
        return {
          text: [`${name}: ${from || 'anybody'} → ${to || 'anything'}`, ...when].join(' when '),
          rule: {
            ...(from === '' ? {} : { from: [{ source }] }),
            ...(to === '' ? {} : { to: [{ operation }] }),
            ...(rule.when ? { when: rule.when } : {}),
          },
          whole: rule,
        };
      }),
    );
  });
}

/** One for each choice of a value from each list; lists of what must not be stay whole. */
function singles<Fields extends Source | Operation>(fields: Fields): Fields[] {
  let made: Fields[] = [{} as Fields]; // Every field of both is optional.
  for (const [field, list] of Object.entries(fields) as [string, readonly string[] | null | undefined][]) {
    if (list === null || list === undefined || list.length === 0) continue;
    const choices = field.startsWith('not') ? [list] : list.map((value) => [value]);
    made = made.flatMap((each) => choices.map((choice) => ({ ...each, [field]: choice })));
  }
  return made;
}

function words(fields: Source | Operation): string {
  return Object.entries(fields)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([field, list]) => `${field} ${(list ?? []).map((value) => JSON.stringify(value)).join(', ')}`)
    .join(' and ');
}
