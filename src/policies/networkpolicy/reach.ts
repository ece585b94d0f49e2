/** Whom a workload can reach and who can reach it under all policies, observed or not. */
import type { Cluster } from '#kubernetes/cluster.ts';
import type { Workload } from '#kubernetes/workload.ts';
import type { Reach } from '../kind.ts';
import { nodesTogether } from '../nodes-together.ts';
import type { Judge } from './judge/judge.ts';
import { joined, mostOpen, type PortRange, rangesBetween, rangesText } from './openings.ts';
import { parties, type Party } from './parties.ts';

interface Answered extends PortRange {
  readonly verdict: Reach['verdict'];
  readonly rule: string;
}

/** Null where the cluster has no pod of the workload that policies could be about. */
export function reach(judge: Judge, cluster: Cluster, { namespace, kind, name }: Workload): Reach[] | null {
  const all = parties([judge], cluster);
  const own = all.find(({ label }) => label === `${kind} ${namespace}/${name}`);
  if (own === undefined) return null;
  return (['ingress', 'egress'] as const).flatMap((direction) => {
    const found = all.flatMap((peer) => {
      const [from, to] = direction === 'ingress' ? [peer, own] : [own, peer];
      return answers(judge, from, to).map((each) => ({ direction, peer: peer.label, ...each }));
    });
    return nodesTogether(found);
  });
}

/** One line for each verdict and rule, with all ports that get them. */
function answers(judge: Judge, from: Party, to: Party): Omit<Reach, 'direction' | 'peer'>[] {
  const ranges = rangesBetween([judge], from.ends, to.ends).map((range): Answered => {
    const { verdict, rule } = mostOpen(judge, from.ends, to.ends, range);
    return { ...range, verdict, rule };
  });
  const whole = joined(ranges, (a, b) => a.verdict === b.verdict && a.rule === b.rule);
  const groups = Map.groupBy(whole, ({ verdict, rule }) => JSON.stringify([verdict, rule]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ verdict: first.verdict, rule: first.rule, ports: rangesText(group) }];
  });
}
