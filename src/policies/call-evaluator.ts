/** What the judges of meshes have in common: observations and questions as calls, each judged by the mesh's own reading. */
import type { Cluster } from '#kubernetes/cluster.ts';
import type { ObservationOf } from '#observation/observation.ts';
import type { Container } from '#observation/recording.ts';
import { aboutFlow } from './about-flow.ts';
import type { CalledLandmarks, CallerLandmarks } from './call-landmarks.ts';
import type { Call, Called, CallQuestion, Calls } from './calls.ts';
import type { Evaluator, Verdict } from './kind.ts';

/** A mesh's policies, read. */
export interface CallJudge {
  /** Whether any of them is about this port of the pod. */
  governs(called: Called, port: number): boolean;
  judge(call: Call): Verdict;
  /** Whom the policies tell apart, wherever they call. */
  callers(): CallerLandmarks;
  /** What the policies about a pod tell apart. */
  about(called: Called): CalledLandmarks;
  /** How the mesh writes an account's identity. */
  identityOf(namespace: string, account: string): string;
}

/** A mesh's policies over a cluster. */
export interface CallWorld {
  readonly calls: Calls;
  readonly cluster: Cluster;
  /** Those of the mesh's own proxy, which no policy is about. */
  readonly proxyPorts: readonly number[];
}

/** A mesh's policies as their text was read. */
export interface JudgedCalls extends CallWorld {
  readonly judge: CallJudge;
  /** Every grant, sorted. */
  readonly permissions: readonly string[];
}

/** `groundOf`: why a grant stands there without evidence, null where nothing is known of it. */
export function callEvaluator(
  { judge, calls, permissions, cluster, proxyPorts }: JudgedCalls,
  groundOf: (permission: string, cluster: Cluster) => string | null,
): Evaluator<CallQuestion> {
  const governed = (flow: ObservationOf<'flow'>, by: Container): readonly Call[] =>
    calls.observed(flow, by).filter(({ called, port }) => !proxyPorts.includes(port) && judge.governs(called, port));
  return {
    permissions,
    ground: (permission) => groundOf(permission, cluster),
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
