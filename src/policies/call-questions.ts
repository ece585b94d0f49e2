/** What to ask about a pod, so that one call of each kind that a mesh's policies tell apart is asked. */
import type { ClusterPod } from '#kubernetes/cluster.ts';
import type { CallJudge, CallWorld } from './call-evaluator.ts';
import { type AskedPort, type AskedRequest, portsAsked, requestsAsked } from './call-landmarks.ts';
import type { CallParty } from './call-parties.ts';
import type { Call } from './calls.ts';
import type { Verdict } from './kind.ts';

export interface Asked extends AskedPort {
  readonly request: AskedRequest;
  /** The pod was dialled and no Service. */
  readonly direct: boolean;
}

/** What is asked about one pod: one call of each kind that some of the judges may answer differently. */
export interface Questions {
  readonly asked: readonly Asked[];
  readonly beyond: readonly string[];
}

export function questionsOf(judges: readonly CallJudge[], world: CallWorld): (pod: ClusterPod) => Questions {
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
  return {
    asked: ports.flatMap((port) =>
      requests.asked.flatMap((request) => ways.map((direct) => ({ ...port, request, direct }))),
    ),
    beyond: [
      ...(requests.whole ? [] : ['requests of more kinds than are compared']),
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
export function podsFor(from: CallParty, { ends, pods }: CallParty): ClusterPod[] {
  const asked = new Set(ends.map(({ src }) => src.pod));
  const chosen = pods.filter(({ namespace, name }) => asked.has(`${namespace}/${name}`));
  if (from.type !== 'node') return chosen;
  const isNear = ({ node }: ClusterPod): boolean => from.label === `node ${node}`;
  return [
    ...new Set([...chosen, ...[pods.find(isNear), pods.find((pod) => !isNear(pod))].flatMap((pod) => pod ?? [])]),
  ];
}

export function calledOf({ namespace, name }: ClusterPod, { calls }: CallWorld): Call['called'] {
  const pod = `${namespace}/${name}`;
  const call = calls.asked({ src: { pod }, dst: { pod }, port: 1, protocol: 'TCP' });
  if (typeof call === 'string') throw new Error(call);
  return call.called;
}

/** A call of each end of the party, yet without a port and a request. */
export function callsOf(from: CallParty, { namespace, name }: ClusterPod, { calls }: CallWorld): Call[] {
  return from.ends.flatMap(({ src, identity }) => {
    const call = calls.asked({ src, dst: { pod: `${namespace}/${name}` }, port: 1, protocol: 'TCP', identity });
    if (typeof call === 'string') throw new Error(call);
    return [call];
  });
}

export function ask(judge: CallJudge, call: Call, { port, request, direct }: Asked): Verdict {
  return judge.judge({ ...call, port, http: request.http, service: direct ? false : call.service });
}

/** `any/TCP`, `8080/TCP, 9000/TCP GET /orders`: of a port that is meant as a whole, the number alone. */
export function askedText(some: readonly Asked[], all: readonly Asked[]): string {
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
