/** Linkerd's policies as its proxies enforce them, all that stand in the text. What they mean is in `judge/`. */
import { type Cluster, noCluster } from '#kubernetes/cluster.ts';
import { meshMembers } from '#kubernetes/mesh-members.ts';
import { callEvaluator, type JudgedCalls } from '../call-evaluator.ts';
import { type CallQuestion, callsIn } from '../calls.ts';
import { objectsOf } from '../documents.ts';
import type { Evaluator } from '../kind.ts';
import { groundOf } from './grounds.ts';
import { grantText, judgeOf } from './judge/judge.ts';
import { readServers } from './judge/read.ts';
import type { Reading } from './options.ts';
import { proxyPorts, signs } from './signs.ts';

/** The policies of a text, and what they are asked about. */
export function judged(text: string, reading: Reading, cluster: Cluster): JudgedCalls {
  const servers = readServers(objectsOf(text), reading);
  const grants = servers.flatMap((server) =>
    [server, ...server.routes].flatMap(({ name, authorizations }) =>
      authorizations.map((each) => grantText(name, each)),
    ),
  );
  return {
    judge: judgeOf(servers, reading),
    calls: callsIn(cluster, meshMembers(cluster, signs, reading.members)),
    permissions: [...new Set(grants)].toSorted(),
    ...{ cluster, proxyPorts },
  };
}

export function evaluator(text: string, reading: Reading, cluster: Cluster | null): Evaluator<CallQuestion> {
  return callEvaluator(judged(text, reading, cluster ?? noCluster), groundOf);
}
