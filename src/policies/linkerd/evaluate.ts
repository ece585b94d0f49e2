/** Linkerd's policies as its proxies enforce them, all that stand in the text. What they mean is in `judge/`. */
import { type Cluster, noCluster } from '#kubernetes/cluster.ts';
import { meshMembers } from '#kubernetes/mesh-members.ts';
import { callEvaluator } from '../call-evaluator.ts';
import { type CallQuestion, callsIn } from '../calls.ts';
import { objectsOf } from '../documents.ts';
import type { Evaluator } from '../kind.ts';
import { groundOf } from './grounds.ts';
import { grantText, judgeOf } from './judge/judge.ts';
import { readServers } from './judge/read.ts';
import type { Reading } from './options.ts';
import { proxyPorts, signs } from './signs.ts';

export function evaluator(text: string, reading: Reading, cluster: Cluster | null): Evaluator<CallQuestion> {
  const known = cluster ?? noCluster;
  const servers = readServers(objectsOf(text), reading);
  const judge = judgeOf(servers, reading);
  const calls = callsIn(known, meshMembers(known, signs, reading.members));
  const grants = servers.flatMap((server) =>
    [server, ...server.routes].flatMap(({ name, authorizations }) =>
      authorizations.map((each) => grantText(name, each)),
    ),
  );
  return {
    ...callEvaluator(judge, calls, proxyPorts),
    permissions: [...new Set(grants)].toSorted(),
    ground: (permission) => groundOf(permission, known),
  };
}
