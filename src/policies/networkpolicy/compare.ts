/** Two sets of policies: which ports between whom the second opens or closes, whatever their texts look like. */
import type { Cluster } from '#kubernetes/cluster.ts';
import type { Change } from '../kind.ts';
import type { Judge } from './judge/judge.ts';
import { joined, mostOpen, type PortRange, rangesBetween, rangesText } from './openings.ts';
import { parties, type Party } from './parties.ts';

type Answer = Change['before'];

interface Differing extends PortRange {
  readonly before: Answer;
  readonly after: Answer;
  readonly rule: string;
}

/** Every pair of workloads, and every workload with the nodes and with what policies name outside. Sorted by pair. */
export function compare(before: Judge, after: Judge, cluster: Cluster): Change[] {
  const all = parties([before, after], cluster);
  return all.flatMap((from) =>
    all.flatMap((to) => (from.type === 'workload' || to.type === 'workload' ? changes(before, after, from, to) : [])),
  );
}

function changes(before: Judge, after: Judge, from: Party, to: Party): Change[] {
  const judges = [before, after];
  const concerned = judges.some((judge) =>
    [...from.ends, ...to.ends].some((name) => judge.isolates(judge.endpoints.named(name))),
  );
  if (!concerned) return [];
  const ranges = rangesBetween(judges, from.ends, to.ends).map((range): Differing => {
    const then = mostOpen(after, from.ends, to.ends, range);
    return {
      ...range,
      before: mostOpen(before, from.ends, to.ends, range).verdict,
      after: then.verdict,
      rule: then.rule,
    };
  });
  const same = (a: Differing, b: Differing): boolean =>
    a.before === b.before && a.after === b.after && a.rule === b.rule;
  const differing = joined(ranges, same).filter((range) => range.before !== range.after);
  // One line for all ports that change in one way and for one reason.
  const alike = Map.groupBy(differing, (each) => JSON.stringify([each.before, each.after, each.rule]));
  return [...alike.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { before: was, after: is, rule } = first;
    return [{ what: `${from.label} → ${to.label} ${rangesText(group)}`, before: was, after: is, rule }];
  });
}
