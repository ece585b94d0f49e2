/** What an artifact would have let through and refused of all that was recorded, summed up by what it was about. */
import { isOfSession } from '#baseline/sessions.ts';
import type { Recording } from '#observation/recording.ts';
import { sightingOf } from '#baseline/claim.ts';
import type { Evaluator, Verdict } from '#policies/kind.ts';
import { attributed } from './replay.ts';

export interface Audited {
  /** In the kind's own words: `Deployment shop/web → Deployment shop/db 5432/TCP`. */
  readonly about: string;
  readonly verdict: Verdict['verdict'];
  readonly rule: string;
  /** Of one end, where two ends recorded it: the larger count. A lower bound, as sightings are. */
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly first: number;
  readonly last: number;
}

export interface Audit {
  /** What is refused first, then what is open, then what is allowed; each sorted by what it is about. */
  readonly rows: readonly Audited[];
  /** Observations that the artifact has no say about. */
  readonly notGoverned: number;
}

const order = { deny: 0, unknown: 1, allow: 2 };

export function audit(evaluator: Evaluator, recordings: readonly Recording[]): Audit {
  const rows = new Map<string, { row: Audited; byEnd: Map<string, number> }>();
  let notGoverned = 0;
  for (const { observation, by } of recordings.flatMap(attributed)) {
    if (isOfSession(observation)) continue;
    if (!evaluator.governs(observation, by)) {
      notGoverned += 1;
      continue;
    }
    const { verdict, rule } = evaluator.judge(observation, by);
    const about = evaluator.about(observation, by);
    const { first, last, count } = sightingOf(observation);
    const key = JSON.stringify([about, verdict, rule]);
    const known = rows.get(key) ?? { row: { about, verdict, rule, count: 0, first, last }, byEnd: new Map() };
    const end = 'direction' in observation ? observation.direction : '';
    known.byEnd.set(end, (known.byEnd.get(end) ?? 0) + count);
    rows.set(key, {
      byEnd: known.byEnd,
      row: {
        ...known.row,
        count: Math.max(...known.byEnd.values()),
        first: Math.min(known.row.first, first),
        last: Math.max(known.row.last, last),
      },
    });
  }
  const sorted = [...rows.values()]
    .map(({ row }) => row)
    .toSorted((a, b) => order[a.verdict] - order[b.verdict] || before(a, b));
  return { rows: sorted, notGoverned };
}

function before(a: Audited, b: Audited): number {
  return a.about < b.about ? -1 : a.about > b.about ? 1 : a.rule < b.rule ? -1 : 1;
}
