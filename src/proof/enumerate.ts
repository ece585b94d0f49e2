/** The questions beside what was observed, with their answers: what a reviewer looks at for what exceeds the evidence. */
import type { Recording } from '#observation/recording.ts';
import type { Evaluator, Verdict } from '#policies/kind.ts';
import { explain } from './explain.ts';

export interface Enumerated {
  readonly label: string;
  readonly verdict: Verdict['verdict'];
  readonly rule: string;
  /**
   * - `observed`: every grant that lets it through has evidence;
   * - `reason`: one has none, and a known reason;
   * - `none`: one has neither. Empty for what is not let through.
   */
  readonly evidence: 'observed' | 'reason' | 'none' | '';
}

export function enumerate(evaluator: Evaluator, recordings: readonly Recording[]): Enumerated[] {
  const known = new Map(explain(evaluator, recordings).map((each) => [each.permission, each]));
  const standing = (permission: string): Enumerated['evidence'] => {
    const found = known.get(permission);
    return found?.evidence != null ? 'observed' : found?.ground == null ? 'none' : 'reason';
  };
  return [...evaluator.neighbours()].map(({ query, label }) => {
    const { verdict, rule, permissions = [] } = evaluator.answer(query);
    const all = permissions.map(standing);
    const evidence =
      verdict === 'deny'
        ? ''
        : (all.find((each) => each === 'none') ??
          all.find((each) => each === 'reason') ??
          (all.length > 0 ? 'observed' : 'none'));
    return { label, verdict, rule, evidence };
  });
}
