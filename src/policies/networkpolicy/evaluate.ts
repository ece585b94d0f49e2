/**
 * Network policies as the cluster would enforce them: all that stand in the text, on both ends of what was
 * observed. What a kind of policy means is in `judge/`.
 */
import { isLoopback, parseAddress } from '#kubernetes/addresses.ts';
import { type Cluster, type ClusterPod, noCluster } from '#kubernetes/cluster.ts';
import { representatives } from '#kubernetes/representatives.ts';
import type { Pod } from '#kubernetes/pod.ts';
import type { Workload } from '#kubernetes/workload.ts';
import type { Observation, ObservationOf, Peer, Protocol as ObservedProtocol } from '#observation/observation.ts';
import type { Evaluator, Verdict } from '../kind.ts';
import { serversOf } from './dns-servers.ts';
import { objectsOf } from '../documents.ts';
import type { FlowQuestion } from './flow-query.ts';
import { type Endpoint, isSame, replicaOf } from './judge/endpoint.ts';
import { type Judge, type Judgement, judgeOf } from './judge/judge.ts';
import type { Direction, Flow, Protocol } from './judge/policy.ts';
import { type Dialect, dialectOf } from './judge/read/policies.ts';
import { aboutFlow } from '../about-flow.ts';
import { neighbours } from './neighbours.ts';

export interface Reading {
  readonly dialect?: Dialect | undefined;
  /** Whether staged and audit forms are judged as what they would do. */
  readonly audit?: boolean | undefined;
}

const protocols: Readonly<Record<ObservedProtocol, Protocol>> = {
  tcp: 'TCP',
  udp: 'UDP',
  sctp: 'SCTP',
  icmp: 'ICMP',
  icmpv6: 'ICMPv6',
};

export function evaluator(
  text: string,
  { dialect, audit = false }: Reading,
  cluster: Cluster | null,
): Evaluator<FlowQuestion> {
  const known = cluster ?? noCluster;
  const { judge, dialect: own } = judgeOfText(text, { dialect, audit }, known);
  const permissions = judge.permissions();
  const peers = peersOf(judge, known);
  const subjects = new Map<string, Endpoint>();

  /** The pod as it was when it was watched; it may be gone by now. */
  function subjectOf(pod: Pod): Endpoint {
    const key = `${pod.namespace}/${pod.name}/${pod.uid}`;
    const made = subjects.get(key) ?? judge.endpoints.recorded(pod);
    subjects.set(key, made);
    return made;
  }

  function judged(observation: ObservationOf<'flow'>, pod: Pod): Verdict {
    if (observation.peer.type === 'unresolved')
      return { verdict: 'unknown', rule: `nobody could name ${observation.peer.ip}` };
    const self = subjectOf(pod);
    // Who calls its own workload calls another pod of it: a call to itself shows nothing of policies.
    const ends = peers(observation.peer).map((end) => (end.type === 'pod' && isSame(end, self) ? replicaOf(end) : end));
    const answering = observation.direction === 'egress' ? ends.filter((end) => listens(end, observation)) : [];
    // Pods of one workload may differ in their ports: one of those that have this one was it.
    const verdicts = (answering.length > 0 ? answering : ends).map((peer) => {
      const [src, dst] = observation.direction === 'egress' ? [self, peer] : [peer, self];
      return judge.judgeFlow(flowOf(observation, src, dst));
    });
    return verdicts.reduce(worse);
  }

  /** Names are Cilium's to look at, where the server is one that it can tell. */
  const asked = (observation: Observation): readonly Endpoint[] =>
    observation.type === 'dns' && own === 'cilium' ? serversOf(observation.server, judge, known) : [];

  return {
    governs: (observation, by) =>
      (by.pod !== undefined && asked(observation).length > 0 && judge.isolates(subjectOf(by.pod))) ||
      (observation.type === 'flow' &&
        observation.outcome === 'established' &&
        by.pod !== undefined &&
        !staysInside(observation.peer) &&
        (judge.isolates(subjectOf(by.pod)) ||
          peers(observation.peer).some((end) => end.type !== 'unresolved' && judge.isolates(end))) &&
        // What ICMP is to rules about ports, Kubernetes leaves open.
        (own === 'cilium' ||
          !observation.protocol.startsWith('icmp') ||
          judge.policies.some(({ name }) => name.startsWith('Calico')))),
    judge(observation, by) {
      if (observation.type === 'dns' && by.pod !== undefined) {
        const src = subjectOf(by.pod);
        const question = { src, port: 53, protocol: 'UDP', dnsName: observation.name } as const;
        return asked(observation)
          .map((dst) => judge.judgeFlow({ ...question, dst }))
          .reduce(worse);
      }
      if (observation.type !== 'flow' || by.pod === undefined) throw new Error(`not governed: ${observation.type}`);
      return judged(observation, by.pod);
    },
    about: aboutFlow,
    answer: (question) => judge.judge(question),
    permissions,
    ground: (permission) => groundOf(permission, permissions, known),
    neighbours: () => neighbours(judge, known),
  };
}

/** All policies of a text as one set. */
export function judgeOfText(
  text: string,
  { dialect, audit = false }: Reading,
  cluster: Cluster,
): { readonly judge: Judge; readonly dialect: Dialect } {
  const objects = objectsOf(text);
  const own = dialect ?? dialectOf(objects, cluster.apis);
  // A text of nothing but staged policies is asked what they would do.
  const staged =
    objects.length > 0 &&
    objects.every(({ object }) => String((object as { kind?: unknown } | null)?.kind).startsWith('Staged'));
  return { judge: judgeOf(objects, cluster, { dialect: own, asEnforced: audit || staged }), dialect: own };
}

/** Loopback never leaves a pod, so no policy sees it. */
function staysInside(peer: Peer): boolean {
  const address = 'ip' in peer ? parseAddress(peer.ip) : null;
  return address !== null && isLoopback(address);
}

function listens(end: Endpoint, { port, protocol }: ObservationOf<'flow'>): boolean {
  return (
    end.type === 'pod' && end.ports.some((each) => each.containerPort === port && each.protocol === protocols[protocol])
  );
}

function flowOf({ port, protocol, icmpType, http }: ObservationOf<'flow'>, src: Endpoint, dst: Endpoint): Flow {
  return { src, dst, port, protocol: protocols[protocol], icmpType, http };
}

/** All of several must be let through. */
function worse(a: Judgement, b: Judgement): Judgement {
  const rank = { deny: 2, unknown: 1, allow: 0 };
  return rank[b.verdict] > rank[a.verdict] ? b : a;
}

/** The ends that an observed peer stands for: of a workload, one pod for each set of labels among its pods. */
function peersOf({ endpoints }: Judge, cluster: Cluster): (peer: Peer) => readonly Endpoint[] {
  const podsOf = Map.groupBy(cluster.pods, ({ workload }) => keyOf(workload));
  const known = new Map<string, readonly Endpoint[]>();
  function workloadEnds(workload: Workload): readonly Endpoint[] {
    const found = representatives((podsOf.get(keyOf(workload)) ?? []).filter(({ hostNetwork }) => !hostNetwork));
    if (found.length === 0) {
      const why = `no pod of ${workload.kind} ${workload.namespace}/${workload.name} is known`;
      return [{ type: 'unresolved', addresses: [], why }];
    }
    return found.map(({ namespace, name }: ClusterPod) => endpoints.named({ pod: `${namespace}/${name}` }));
  }
  function ends(peer: Peer): readonly Endpoint[] {
    switch (peer.type) {
      case 'workload':
        return workloadEnds(peer.workload);
      case 'node':
        return [endpoints.onNode(peer.node, peer.ip)];
      case 'api-server':
      case 'address':
        return [endpoints.named({ ip: peer.ip, names: 'names' in peer ? peer.names : undefined })];
      case 'unresolved':
        return [{ type: 'unresolved', addresses: [], why: `nobody could name ${peer.ip}` }];
    }
  }
  return (peer) => {
    const key = JSON.stringify(peer);
    const made = known.get(key) ?? ends(peer);
    known.set(key, made);
    return made;
  };
}

function keyOf({ namespace, kind, name }: Workload): string {
  return `${kind} ${namespace}/${name}`;
}

/** Grants that stand beside an evident one on purpose. */
function groundOf(permission: string, all: readonly string[], { nodes }: Cluster): string | null {
  const twin = /^(.* )(53|5353)\/(TCP|UDP)$/.exec(permission);
  if (twin !== null) {
    const other = `${twin[1]}${twin[2]}/${twin[3] === 'TCP' ? 'UDP' : 'TCP'}`;
    if (all.includes(other)) return 'resolvers ask over TCP what is too long for UDP, and the reverse';
  }
  const ips = new Set(nodes.flatMap((node) => node.ips));
  const [, ip = ''] = /(?:ipBlock|CIDR|nets \[")\s*([0-9a-f.:]+)\/\d+/.exec(permission) ?? [];
  return ips.has(ip) ? 'a node: what comes from one node may come from any' : null;
}

export type { Direction };
