/** Questions that bring their world along: `{profile, world, flow}`. */
import { z } from 'zod';
import { clusterFields, clusterOf } from '#kubernetes/cluster-form.ts';
import type { Verdict } from '../kind.ts';
import { flowQuery } from './flow-query.ts';
import { type Judge, judgeOf } from './judge/judge.ts';
import { dialectOf, dialects } from './judge/read/policies.ts';

/** Other fields of a line, such as what its writer expects, are passed over. */
export const worldQuery = z.object({
  /** Which implementation's reading; by default told from the policies. */
  profile: z.enum(dialects).optional(),
  world: z.looseObject({
    ...clusterFields,
    policies: z.array(z.unknown()),
    clusterName: z.string().optional(),
  }),
  flow: flowQuery,
});
export type WorldQuestion = z.infer<typeof worldQuery>;

/** Many questions are about one world: the last ones are kept ready. */
export function worldAnswers(keep = 16): { answer(question: WorldQuestion): Verdict } {
  const ready = new Map<string, Judge>();
  return {
    answer({ profile, world, flow }) {
      const key = JSON.stringify([profile, world]);
      let judge = ready.get(key);
      if (judge === undefined) {
        judge = judgeOfWorld(world, profile);
        ready.set(key, judge);
        const [oldest] = ready.keys();
        if (ready.size > keep && oldest !== undefined) ready.delete(oldest);
      }
      return judge.judge(flow);
    },
  };
}

function judgeOfWorld(world: WorldQuestion['world'], profile: WorldQuestion['profile']): Judge {
  const objects = world.policies.map((object, at) => ({ object, where: `world.policies[${at}]` }));
  return judgeOf(objects, clusterOf(world), {
    dialect: profile ?? dialectOf(objects, world.apis),
    clusterName: world.clusterName,
  });
}
