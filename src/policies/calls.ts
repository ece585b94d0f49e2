/**
 * Calls as a mesh's judges see them: who reaches which port of which pod, as far as it is known. A call comes from an
 * observation at either end, or from a question.
 */
import { z } from 'zod';
import { isLoopback, parseAddress } from '#kubernetes/addresses.ts';
import type { Cluster, ClusterPod, ContainerPort, Labels, Probe } from '#kubernetes/cluster.ts';
import type { Members } from '#kubernetes/mesh-members.ts';
import type { Pod } from '#kubernetes/pod.ts';
import { representatives } from '#kubernetes/representatives.ts';
import { whoseIn } from '#kubernetes/whose.ts';
import { workloadKey, type Workload } from '#kubernetes/workload.ts';
import type { ObservationOf, Peer } from '#observation/observation.ts';
import type { Container } from '#observation/recording.ts';

export interface Caller {
  /** Empty where nobody knows. */
  readonly ips: readonly string[];
  /** Null for what is no pod. */
  readonly namespace: string | null;
  /** Its service account; null where it is not known. */
  readonly account: string | null;
  /** Null where it is not known. */
  readonly member: boolean | null;
  /** The node whose own network it has. */
  readonly node: string | null;
}

export interface Called {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly ips: readonly string[];
  readonly ports: readonly ContainerPort[];
  readonly node: string | null;
  /** Null where nobody told. */
  readonly probes: readonly Probe[] | null;
  readonly member: boolean;
}

export interface HttpRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly host?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface Call {
  readonly caller: Caller;
  readonly called: Called;
  readonly port: number;
  /** Null for what is known to be no HTTP; undefined where nobody told. */
  readonly http: HttpRequest | null | undefined;
  /** Who the mesh says it was: null for nobody; undefined where it did not say. */
  readonly identity: string | null | undefined;
  /** Whether a Service was dialled; undefined where nobody told. */
  readonly service: boolean | undefined;
}

const end = z
  .object({
    pod: z
      .string()
      .regex(/^[^/]+\/[^/]+$/, 'a pod is namespace/name')
      .optional(),
    ip: z
      .string()
      .refine((text) => parseAddress(text) !== null, 'not an address')
      .optional(),
  })
  .refine(({ pod, ip }) => (pod === undefined) !== (ip === undefined), 'an end is either a pod or an ip');

/** Other fields of a line are its writer's, and passed over. */
export const callQuery = z.object({
  src: end,
  dst: end,
  port: z.int().min(1).max(65_535),
  protocol: z.enum(['TCP', 'UDP', 'SCTP']).default('TCP'),
  http: z
    .object({
      method: z.string(),
      path: z.string(),
      host: z.string().optional(),
      headers: z.record(z.string(), z.string()).optional(),
    })
    .nullish(),
  identity: z.string().nullish(),
  service: z.boolean().optional(),
});
export type CallQuestion = z.infer<typeof callQuery>;

export interface Calls {
  /** One for each that the other end may have been. Empty for what stays in a pod or leaves the cluster. */
  observed(flow: ObservationOf<'flow'>, by: Container): readonly Call[];
  /** A reason where the question is not about a pod that the cluster knows. */
  asked(question: CallQuestion): Call | string;
  /** Every pair of pods and a stranger, over every port that a pod has and one that it has not. */
  pairs(): Iterable<{ readonly query: CallQuestion; readonly call: Call; readonly label: string }>;
}

/** A port that nothing should listen on, and an address that documentation keeps free. */
const closed = 22;
const stranger = '192.0.2.254';

export function callsIn(cluster: Cluster, members: Members): Calls {
  const byWorkload = Map.groupBy(cluster.pods, ({ workload }) => workloadKey(workload));
  const byName = new Map(cluster.pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod]));
  const whose = whoseIn(cluster);

  const podCaller = (pod: ClusterPod): Caller => ({
    ips: pod.ips,
    namespace: pod.namespace,
    account: pod.serviceAccount,
    member: members.has(pod),
    node: pod.hostNetwork ? pod.node : null,
  });
  const podCalled = (pod: ClusterPod): Called => ({
    namespace: pod.namespace,
    name: pod.name,
    labels: pod.labels,
    ips: pod.ips,
    ports: pod.ports,
    node: pod.node,
    probes: pod.probes ?? null,
    member: members.has(pod),
  });
  const ownPods = (workload: Workload): readonly ClusterPod[] =>
    (byWorkload.get(workloadKey(workload)) ?? []).filter(({ hostNetwork }) => !hostNetwork);

  /** The pod as it was when it was watched; what the recording does not tell of it, one of its kind does. */
  function recorded(pod: Pod, workload: string): { caller: Caller; called: Called } {
    const now = byName.get(`${pod.namespace}/${pod.name}`);
    const like = now ?? ownPods({ namespace: pod.namespace, kind: pod.kind, name: workload })[0];
    const member = members.has(pod);
    const { namespace, name, labels, node } = pod;
    return {
      caller: {
        ips: now?.ips ?? [],
        namespace,
        account: pod.serviceAccount ?? like?.serviceAccount ?? null,
        member,
        node: null,
      },
      called: {
        namespace,
        name,
        labels,
        node,
        ips: now?.ips ?? [],
        ports: like?.ports ?? [],
        probes: like?.probes ?? null,
        member,
      },
    };
  }

  function callersOf(peer: Peer): readonly Caller[] {
    switch (peer.type) {
      case 'workload': {
        const found = representatives(ownPods(peer.workload));
        return found.length > 0
          ? found.map(podCaller)
          : [{ ips: [], namespace: peer.workload.namespace, account: null, member: null, node: null }];
      }
      case 'node':
        return [{ ips: [peer.ip], namespace: null, account: null, member: false, node: peer.node }];
      case 'api-server':
      case 'address':
        return [{ ips: [peer.ip], namespace: null, account: null, member: false, node: null }];
      case 'unresolved':
        return [{ ips: [peer.ip], namespace: null, account: null, member: null, node: null }];
    }
  }

  function caller({ pod, ip }: CallQuestion['src']): Caller | string {
    if (pod !== undefined) {
      const found = byName.get(pod);
      return found === undefined ? `no pod ${pod} is known` : podCaller(found);
    }
    const owner = whose.owner(ip ?? '');
    if (owner.type === 'pod') return podCaller(owner.pod);
    const node = owner.type === 'node' ? owner.node : null;
    const member = owner.type === 'nobody' || owner.type === 'service' ? null : false;
    return { ips: [ip ?? ''], namespace: null, account: null, member, node };
  }

  function called({ pod, ip }: CallQuestion['dst']): Called | string {
    const found = pod === undefined ? whose.owner(ip ?? '') : byName.get(pod);
    if (found === undefined) return `no pod ${pod} is known`;
    if ('type' in found) return found.type === 'pod' ? podCalled(found.pod) : `${ip} is no pod's address`;
    return podCalled(found);
  }

  function asked(question: CallQuestion): Call | string {
    const [from, to] = [caller(question.src), called(question.dst)];
    if (typeof from === 'string') return from;
    if (typeof to === 'string') return to;
    const { port, http, identity, service } = question;
    return { caller: from, called: to, port, http, identity, service };
  }

  return {
    asked,
    observed(flow, by) {
      const { peer, port, http, identity, service } = flow;
      if (port === null || by.pod === undefined || staysInside(peer)) return [];
      const own = recorded(by.pod, by.workload);
      const call = { port, http, identity, service: flow.direction === 'egress' ? service !== undefined : undefined };
      if (flow.direction === 'ingress')
        return callersOf(peer).map((from) => ({ caller: from, called: own.called, ...call }));
      if (peer.type !== 'workload') return [];
      const pods = representatives(ownPods(peer.workload));
      const listening = pods.filter(({ ports }) =>
        ports.some((each) => each.containerPort === port && each.protocol === 'TCP'),
      );
      return (listening.length > 0 ? listening : pods).map((pod) => ({
        caller: own.caller,
        called: podCalled(pod),
        ...call,
      }));
    },
    *pairs() {
      const all = representatives(cluster.pods.filter(({ hostNetwork }) => !hostNetwork));
      for (const dst of all) {
        const tcp = dst.ports.filter(({ protocol }) => protocol === 'TCP').map(({ containerPort }) => containerPort);
        for (const port of new Set([...tcp, closed])) {
          const sources = all
            .filter((each) => each !== dst)
            .map(({ namespace, name }) => ({ pod: `${namespace}/${name}` }));
          for (const src of [...sources, { ip: stranger }]) {
            const query = { src, dst: { pod: `${dst.namespace}/${dst.name}` }, port, protocol: 'TCP' as const };
            const call = asked(query);
            const from = 'pod' in src ? src.pod : src.ip;
            if (typeof call !== 'string') yield { query, call, label: `${from} → ${query.dst.pod} ${port}/TCP` };
          }
        }
      }
    },
  };
}

/** Loopback never leaves a pod. */
function staysInside(peer: Peer): boolean {
  const address = 'ip' in peer ? parseAddress(peer.ip) : null;
  return address !== null && isLoopback(address);
}
