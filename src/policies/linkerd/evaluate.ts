/** Linkerd's policies as its proxies enforce them, all that stand in the text. What they mean is in `judge/`. */
import type { Cluster } from '#kubernetes/cluster.ts';
import { meshMembers } from '#kubernetes/mesh-members.ts';
import type { ObservationOf } from '#observation/observation.ts';
import type { Container } from '#observation/recording.ts';
import { aboutFlow } from '../about-flow.ts';
import { type Call, type CallQuestion, callsIn } from '../calls.ts';
import { objectsOf } from '../documents.ts';
import type { Evaluator, Verdict } from '../kind.ts';
import { groundOf } from './grounds.ts';
import { grantText, judgeOf } from './judge/judge.ts';
import { readServers } from './judge/read.ts';
import type { Reading } from './options.ts';
import { proxyPorts, signs } from './signs.ts';

const nothing: Cluster = { namespaces: {}, nodes: [], workloads: [], pods: [], services: [] };

export function evaluator(text: string, reading: Reading, cluster: Cluster | null): Evaluator<CallQuestion> {
  const known = cluster ?? nothing;
  const servers = readServers(objectsOf(text), reading);
  const judge = judgeOf(servers, reading);
  const calls = callsIn(known, meshMembers(known, signs, reading.members));
  const grants = servers.flatMap((server) =>
    [server, ...server.routes].flatMap(({ name, authorizations }) =>
      authorizations.map((each) => grantText(name, each)),
    ),
  );
  const governed = (flow: ObservationOf<'flow'>, by: Container): readonly Call[] =>
    calls.observed(flow, by).filter(({ called, port }) => !proxyPorts.includes(port) && judge.governs(called, port));

  return {
    governs: (observation, by) =>
      observation.type === 'flow' &&
      observation.outcome === 'established' &&
      observation.protocol === 'tcp' &&
      governed(observation, by).length > 0,
    judge(observation, by) {
      if (observation.type !== 'flow') throw new Error(`not governed: ${observation.type}`);
      return governed(observation, by)
        .map((call) => judge.judge(call))
        .reduce(worse);
    },
    about: aboutFlow,
    answer(question) {
      if (question.protocol !== 'TCP') return { verdict: 'unknown', rule: `proxies let ${question.protocol} pass by` };
      const call = calls.asked(question);
      return typeof call === 'string' ? { verdict: 'unknown', rule: call } : judge.judge(call);
    },
    permissions: [...new Set(grants)].toSorted(),
    ground: (permission) => groundOf(permission, known),
    *neighbours() {
      for (const { query, call, label } of calls.pairs())
        if (judge.governs(call.called, call.port)) yield { query, label };
    },
  };
}

/** Of several that may have called, all must be let through. */
function worse(a: Verdict, b: Verdict): Verdict {
  const rank = { deny: 2, unknown: 1, allow: 0 };
  return rank[b.verdict] > rank[a.verdict] ? b : a;
}
