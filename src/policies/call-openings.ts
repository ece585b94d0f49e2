/** Who may call whom under a mesh's policies, observed or not, and what two sets of them answer differently. */
import type { z } from 'zod';
import type { Cluster, ClusterPod } from '#kubernetes/cluster.ts';
import type { Workload } from '#kubernetes/workload.ts';
import type { CallJudge } from './call-evaluator.ts';
import { type AskedPort, type AskedRequest, portsAsked, requestsAsked } from './call-landmarks.ts';
import { type CallParty, callParties } from './call-parties.ts';
import type { Call, Calls } from './calls.ts';
import type { Change, PolicyKind, Reach, Verdict } from './kind.ts';
import { nodesTogether } from './nodes-together.ts';

/** A mesh's policies over a cluster. */
export interface CallWorld {
  readonly calls: Calls;
  readonly cluster: Cluster;
  readonly proxyPorts: readonly number[];
}

/** A mesh's policies as their text was read. */
export interface JudgedCalls extends CallWorld {
  readonly judge: CallJudge;
  /** Every grant, sorted. */
  readonly permissions: readonly string[];
}

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

interface Asked extends AskedPort {
  readonly request: AskedRequest;
  /** The pod was dialled and no Service. */
  readonly direct: boolean;
}

/** What is asked about one pod: one call of each kind that some of the judges may answer differently. */
interface Questions {
  readonly asked: readonly Asked[];
  readonly beyond: readonly string[];
}

/** Every pair of workloads, and every workload with whoever else policies tell apart. Sorted by pair. */
function compareCalls(before: CallJudge, after: CallJudge, world: CallWorld): Change[] {
  const judges = [before, after];
  const all = partiesOf(judges, world);
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
  for (const to of concerned)
    for (const word of new Set(podsFor(to, to).flatMap((pod) => questions(pod).beyond)))
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
  const all = partiesOf([judge], world);
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

function partiesOf(judges: readonly CallJudge[], { cluster }: CallWorld): CallParty[] {
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

function questionsOf(judges: readonly CallJudge[], world: CallWorld): (pod: ClusterPod) => Questions {
  const known = new Map<ClusterPod, Questions>();
  return (pod) => {
    const before = known.get(pod);
    if (before !== undefined) return before;
    const made = questionsAbout(pod, judges, world);
    known.set(pod, made);
    return made;
  };
}

function questionsAbout(pod: ClusterPod, judges: readonly CallJudge[], world: CallWorld): Questions {
  const called = calledOf(pod, world);
  const landmarks = judges.map((judge) => judge.about(called));
  const requests = requestsAsked(landmarks);
  const ports = portsAsked(
    landmarks.map((each) => each.ports),
    called,
    world.proxyPorts,
  );
  const ways = landmarks.some((each) => each.direct) ? [false, true] : [false];
  const each = requests ?? requestsAsked([]) ?? [];
  return {
    asked: ports.flatMap((port) => each.flatMap((request) => ways.map((direct) => ({ ...port, request, direct })))),
    beyond: [
      ...(requests === null ? ['requests of more kinds than are compared'] : []),
      // What both say in one way is no difference.
      ...new Set(
        landmarks.flatMap(({ beyond }) =>
          beyond.filter((word) => !landmarks.every((each) => each.beyond.includes(word))),
        ),
      ),
    ],
  };
}

/** Kubelet's own node makes a difference: of pods on the caller's and on others one is asked about each. */
function podsFor(from: CallParty, { ends, pods }: CallParty): ClusterPod[] {
  const asked = new Set(ends.map(({ src }) => src.pod));
  const chosen = pods.filter(({ namespace, name }) => asked.has(`${namespace}/${name}`));
  if (from.type !== 'node') return chosen;
  const isNear = ({ node }: ClusterPod): boolean => from.label === `node ${node}`;
  return [
    ...new Set([...chosen, ...[pods.find(isNear), pods.find((pod) => !isNear(pod))].flatMap((pod) => pod ?? [])]),
  ];
}

function calledOf({ namespace, name }: ClusterPod, { calls }: CallWorld): Call['called'] {
  const pod = `${namespace}/${name}`;
  const call = calls.asked({ src: { pod }, dst: { pod }, port: 1, protocol: 'TCP' });
  if (typeof call === 'string') throw new Error(call);
  return call.called;
}

/** A call of each end of the party, yet without a port and a request. */
function callsOf(from: CallParty, { namespace, name }: ClusterPod, { calls }: CallWorld): Call[] {
  return from.ends.flatMap(({ src, identity }) => {
    const call = calls.asked({ src, dst: { pod: `${namespace}/${name}` }, port: 1, protocol: 'TCP', identity });
    if (typeof call === 'string') throw new Error(call);
    return [call];
  });
}

function ask(judge: CallJudge, call: Call, { port, request, direct }: Asked): Verdict {
  return judge.judge({ ...call, port, http: request.http, service: direct ? false : call.service });
}

function changes(call: Call, before: CallJudge, after: CallJudge, { asked }: Questions): Change[] {
  const each = asked.map((one) => ({ one, was: ask(before, call, one), is: ask(after, call, one) }));
  const found = each.filter(({ was, is }) => was.verdict !== is.verdict);
  // One line for all that changes in one way and for one reason.
  const alike = Map.groupBy(found, ({ was, is }) => JSON.stringify([was.verdict, is.verdict, is.rule]));
  return [...alike.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const what = textOf(
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
    const ports = textOf(
      group.map(({ one }) => one),
      all,
    );
    return [{ verdict: first.verdict.verdict, rule: first.verdict.rule, ports }];
  });
}

/** `any/TCP`, `8080/TCP, 9000/TCP GET /orders`: of a port that is meant as a whole, the number alone. */
function textOf(some: readonly Asked[], all: readonly Asked[]): string {
  if (some.length === all.length) return 'any/TCP';
  const whole = Map.groupBy(all, ({ label }) => label);
  return [...Map.groupBy(some, ({ label }) => label)]
    .flatMap(([port, own]) => {
      const every = whole.get(port) ?? [];
      if (own.length === every.length) return [port];
      const ways = Map.groupBy(own, ({ request }) => request.label);
      const wanted = new Set(every.map(({ direct }) => direct)).size;
      const alike = ways.size === new Set(every.map((each) => each.request.label)).size;
      return [...ways].map(([request, same]) => {
        const way = same.length === wanted ? [] : [same[0]?.direct === true ? 'past its Services' : 'by its Services'];
        return [port, ...(alike && way.length > 0 && isOneWay(own) ? [] : [request]), ...way].join(' ');
      });
    })
    .filter((text, at, texts) => texts.indexOf(text) === at)
    .join(', ');
}

function isOneWay(some: readonly Asked[]): boolean {
  return new Set(some.map(({ direct }) => direct)).size === 1;
}
