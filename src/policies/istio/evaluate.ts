/** Istio's policies as its proxies enforce them, all that stand in the text. What they mean is in `judge/`. */
import { type Cluster, noCluster } from '#kubernetes/cluster.ts';
import { meshMembers } from '#kubernetes/mesh-members.ts';
import { callEvaluator, type JudgedCalls } from '../call-evaluator.ts';
import { type CallQuestion, callsIn } from '../calls.ts';
import { objectsOf } from '../documents.ts';
import type { Evaluator } from '../kind.ts';
import { groundOf } from './grounds.ts';
import { grantsOf } from './judge/grants.ts';
import { judgeOf } from './judge/judge.ts';
import { readPolicies } from './judge/read.ts';
import type { Reading } from './options.ts';
import { proxyPorts, signs } from './signs.ts';

/** The policies of a text, and what they are asked about. */
export function judged(text: string, reading: Reading, cluster: Cluster): JudgedCalls {
  const policies = readPolicies(objectsOf(text));
  const grants = policies.policies.filter(({ action }) => action === 'ALLOW').flatMap(grantsOf);
  return {
    judge: judgeOf(policies, reading, cluster),
    calls: callsIn(cluster, meshMembers(cluster, signs, reading.members)),
    permissions: [...new Set(grants.map((grant) => grant.text))].toSorted(),
    ...{ cluster, proxyPorts },
  };
}

export function evaluator(text: string, reading: Reading, cluster: Cluster | null): Evaluator<CallQuestion> {
  return callEvaluator(judged(text, reading, cluster ?? noCluster), groundOf);
}
