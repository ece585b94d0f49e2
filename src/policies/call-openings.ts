/** Who may call whom under a mesh's policies, observed or not, and what two sets of them answer differently. */
import type { z } from 'zod';
import type { Cluster } from '#kubernetes/cluster.ts';
import type { Workload } from '#kubernetes/workload.ts';
import type { CallJudge, CallWorld, JudgedCalls } from './call-evaluator.ts';
import { type CallParties, type CallParty, callParties } from './call-parties.ts';
import {
  ask,
  type Asked,
  askedText,
  calledOf,
  callsOf,
  podsFor,
  type Questions,
  questionsOf,
} from './call-questions.ts';
import type { Call } from './calls.ts';
import type { Change, PolicyKind, Reach, Verdict } from './kind.ts';
import { nodesTogether } from './nodes-together.ts';

/** What a mesh's kind has of the contract; `chosen` may hold options that are not of reading. */
export function openingsOf<Reading>(
  reading: z.ZodType<Reading>,
  judged: (text: string, reading: Reading, cluster: Cluster) => JudgedCalls,
): Required<Pick<PolicyKind, 'compare' | 'reach'>> {
  return {
    compare(before, after, chosen, cluster) {
      const read = (text: string): JudgedCalls => judged(text, reading.parse(chosen), cluster);
      const now = read(before);
      return compareCalls(now.judge, read(after).judge, now);
    },
    reach(text, chosen, cluster, workload) {
      const now = judged(text, reading.parse(chosen), cluster);
      return reachOfCalls(now.judge, now, workload);
    },
  };
}

/** Every pair of workloads, and every workload with whoever else policies tell apart. Sorted by pair. */
function compareCalls(before: CallJudge, after: CallJudge, world: CallWorld): Change[] {
  const judges = [before, after];
  const { parties: all, whole } = partiesOf(judges, world);
  const found = new Map<string, Change>();
  const note = (change: Change): void => {
    const key = JSON.stringify([change.what, change.before, change.after]);
    if (!found.has(key)) found.set(key, change);
  };
  const questions = questionsOf(judges, world);
  const concerned = all.filter((to) => to.type === 'workload' && isDifferent(to, judges, world));
  for (const from of all)
    for (const to of concerned)
      for (const pod of podsFor(from, to))
        for (const call of callsOf(from, pod, world))
          for (const change of changes(call, before, after, questions(pod)))
            note({ ...change, what: `${from.label} → ${to.label} ${change.what}` });
  const callers = whole ? [] : ['identities of more kinds than are compared'];
  for (const to of concerned)
    for (const word of new Set([...callers, ...podsFor(to, to).flatMap((pod) => questions(pod).beyond)]))
      note({
        what: `anybody → ${to.label} ${word}`,
        before: 'unknown',
        after: 'unknown',
        rule: 'the policies differ, and this could not be compared',
      });
  return [...found.values()];
}

/** Null where the cluster has no pod of the workload that policies could be about. */
function reachOfCalls(judge: CallJudge, world: CallWorld, { namespace, kind, name }: Workload): Reach[] | null {
  const { parties: all } = partiesOf([judge], world);
  const own = all.find(({ label }) => label === `${kind} ${namespace}/${name}`);
  if (own === undefined) return null;
  const rows = (direction: Reach['direction'], from: CallParty, to: CallParty): Reach[] => {
    const peer = direction === 'ingress' ? from.label : to.label;
    return answers(judge, from, to, world).map((each) => ({ direction, peer, ...each }));
  };
  const workloads = all.filter(({ type }) => type === 'workload');
  return [
    ...nodesTogether(all.flatMap((from) => rows('ingress', from, own))),
    ...workloads.flatMap((to) => rows('egress', own, to)),
  ];
}

function partiesOf(judges: readonly CallJudge[], { cluster }: CallWorld): CallParties {
  return callParties(
    cluster,
    judges.map((judge) => judge.callers()),
    (namespace, account) => judges[0]?.identityOf(namespace, account) ?? '',
  );
}

/** Where the policies about each of a workload's pods are the same, so are all answers. */
function isDifferent(to: CallParty, judges: readonly CallJudge[], world: CallWorld): boolean {
  return podsFor(to, to).some((pod) => {
    const texts = judges.map((judge) => judge.about(calledOf(pod, world)).policies);
    return texts.some((text) => text !== texts[0]);
  });
}

function changes(call: Call, before: CallJudge, after: CallJudge, { asked }: Questions): Change[] {
  const each = asked.map((one) => ({ one, was: ask(before, call, one), is: ask(after, call, one) }));
  const found = each.filter(({ was, is }) => was.verdict !== is.verdict);
  // One line for all that changes in one way and for one reason.
  const alike = Map.groupBy(found, ({ was, is }) => JSON.stringify([was.verdict, is.verdict, is.rule]));
  return [...alike.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const what = askedText(
      group.map(({ one }) => one),
      asked,
    );
    return [{ what, before: first.was.verdict, after: first.is.verdict, rule: first.is.rule }];
  });
}

/** One line for each verdict and rule, with all ports and requests that get them. */
function answers(
  judge: CallJudge,
  from: CallParty,
  to: CallParty,
  world: CallWorld,
): Omit<Reach, 'direction' | 'peer'>[] {
  const questions = questionsOf([judge], world);
  const rank = { allow: 2, unknown: 1, deny: 0 };
  const best = new Map<string, { readonly one: Asked; readonly verdict: Verdict }>();
  // One that lets it through is enough to be reached.
  for (const pod of podsFor(from, to))
    for (const one of questions(pod).asked)
      for (const call of callsOf(from, pod, world)) {
        const key = JSON.stringify([one.label, one.request.label, one.direct]);
        const verdict = ask(judge, call, one);
        const known = best.get(key);
        if (known === undefined || rank[verdict.verdict] > rank[known.verdict.verdict]) best.set(key, { one, verdict });
      }
  const all = [...best.values()].map(({ one }) => one);
  const groups = Map.groupBy(best.values(), ({ verdict: { verdict, rule } }) => JSON.stringify([verdict, rule]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const ports = askedText(
      group.map(({ one }) => one),
      all,
    );
    return [{ verdict: first.verdict.verdict, rule: first.verdict.rule, ports }];
  });
}
