/** Questions that bring their policy along, and a base of any size: `{policy, base, ask}`. */
import { z } from 'zod';
import type { Evaluator, World } from '../kind.ts';
import { evaluator, query, type Query } from './evaluate.ts';
import { readingOptions } from './options.ts';

const question = z.strictObject({
  /** The artifact's text, in any of its forms. */
  policy: z.string().min(1),
  /** CIL; everything that it and the policy together do not say is unknown. */
  base: z.string().default(''),
  ask: query,
});

export const world: World<z.infer<typeof question>> = {
  query: question,
  answers() {
    let last: { readonly policy: string; readonly base: string; readonly judge: Evaluator<Query> } | null = null;
    return {
      answer({ policy, base, ask }) {
        if (last === null || last.policy !== policy || last.base !== base)
          last = { policy, base, judge: evaluator(policy, readingOptions.parse({ base })) };
        return last.judge.answer(ask);
      },
    };
  },
};
