/** Istio's policies as its proxies enforce them, all that stand in the text. What they mean is in `judge/`. */
import { type Cluster, noCluster } from '#kubernetes/cluster.ts';
import { meshMembers } from '#kubernetes/mesh-members.ts';
import { callEvaluator } from '../call-evaluator.ts';
import { type CallQuestion, callsIn } from '../calls.ts';
import { objectsOf } from '../documents.ts';
import type { Evaluator } from '../kind.ts';
import { groundOf } from './grounds.ts';
import { grantsOf } from './judge/grants.ts';
import { judgeOf } from './judge/judge.ts';
import { readPolicies } from './judge/read.ts';
import type { Reading } from './options.ts';
import { proxyPorts, signs } from './signs.ts';

export function evaluator(text: string, reading: Reading, cluster: Cluster | null): Evaluator<CallQuestion> {
  const known = cluster ?? noCluster;
  const policies = readPolicies(objectsOf(text));
  const judge = judgeOf(policies, reading, known);
  const calls = callsIn(known, meshMembers(known, signs, reading.members));
  const permissions = [
    ...new Set(
      policies.policies
        .filter(({ action }) => action === 'ALLOW')
        .flatMap(grantsOf)
        .map((grant) => grant.text),
    ),
  ].toSorted();
  return {
    ...callEvaluator(judge, calls, proxyPorts),
    permissions,
    ground: (permission) => groundOf(permission, known),
  };
}
