/**
 * What a mesh's proxies count of calls → a recording: who called whom with which identity. Of Istio
 * `istio_requests_total` and `istio_tcp_connections_opened_total` as servers report them, of Linkerd
 * `inbound_http_authz_allow_total` and `inbound_tcp_authz_allow_total`. Counters are evidence of what they count and of
 * nothing else: who is outside of the mesh may be missing.
 */
import type { Cluster, ClusterPod } from '#kubernetes/cluster.ts';
import { selects } from '#kubernetes/selectors.ts';
import { workloadKey } from '#kubernetes/workload.ts';
import type { Observation, Peer } from '#observation/observation.ts';
import type { Recording } from '#observation/recording.ts';
import { containerOf, recordingOf } from './flow-recording.ts';
import { readSamples, type Sample, UnreadableSamples } from './samples.ts';

export { UnreadableSamples };

type Flow = Extract<Observation, { type: 'flow' }>;

/** What one sample tells, before it has a place in a recording. */
interface Told {
  readonly server: ClusterPod;
  readonly peer: Peer;
  readonly port: number;
  readonly identity: string | null | undefined;
  readonly http: Flow['http'];
}

export interface ImportedMetrics {
  readonly recording: Recording;
  /** What became no fact, and why, as sentences. */
  readonly notes: readonly string[];
}

const unseen = "a mesh's counters tell of what it carried alone: who is outside of it may be missing";

/** `now`, milliseconds since the epoch, stands for times that the text does not tell. Throws `UnreadableSamples`. */
export function recordingOfMetrics(text: string, cluster: Cluster, now: number): ImportedMetrics {
  const left = new Map<string, number>();
  const flows = new Map<string, Flow>();
  const servers = new Map<string, ClusterPod>();
  for (const sample of readSamples(text)) {
    const read = readers[sample.name];
    if (read === undefined || sample.value < 1) continue;
    const told = read(sample, cluster);
    if (typeof told === 'string') {
      left.set(told, (left.get(told) ?? 0) + 1);
      continue;
    }
    servers.set(idOf(told.server), told.server);
    const flow = flowOf(told, sample, now);
    const key = JSON.stringify([flow.container, flow.peer, flow.port, flow.identity ?? null, flow.http ?? null]);
    const known = flows.get(key);
    flows.set(key, known === undefined ? flow : { ...flow, seen: joined(known.seen, flow.seen) });
  }
  const times = [...flows.values()].flatMap(({ seen }) => [seen.first, seen.last]);
  const [from, to] = times.length === 0 ? [now, now] : [Math.min(...times), Math.max(...times)];
  return {
    recording: recordingOf(
      // A log of flows of the same pods is another run.
      [...servers.values()].map((pod) => ({ ...containerOf(pod, from), id: idOf(pod) })),
      [...flows.values()],
      { from, to, lost: 0, gaps: [unseen] },
      { by: 'kguardian import mesh-metrics', hook: "a mesh's counters" },
    ),
    notes: [...left]
      .map(([why, count]) => `${count} ${count === 1 ? 'series' : 'series of counters'} left: ${why}`)
      .toSorted(),
  };
}

type Reader = (sample: Sample, cluster: Cluster) => Told | string;

const readers: Readonly<Record<string, Reader>> = {
  istio_requests_total: istio,
  istio_tcp_connections_opened_total: istio,
  inbound_http_authz_allow_total: linkerd,
  inbound_tcp_authz_allow_total: linkerd,
};

function istio({ labels }: Sample, cluster: Cluster): Told | string {
  const { reporter, response_code: code = '' } = labels;
  if (reporter !== 'destination' && reporter !== 'waypoint') return 'told by the client, whom nobody verified';
  // The proxy's refusal and the application's look alike.
  if (code === '401' || code === '403') return `refused with ${code}`;
  const server = podNamed(
    cluster,
    labels['destination_workload_namespace'],
    labels['destination_workload'],
    labels['pod'],
  );
  if (typeof server === 'string') return server;
  const source = podNamed(cluster, labels['source_workload_namespace'], labels['source_workload']);
  if (typeof source === 'string') return source;
  const port = portOf(labels, server, cluster);
  if (typeof port === 'string') return port;
  const { source_principal: principal = 'unknown', connection_security_policy: policy = 'unknown' } = labels;
  const anonymous = policy === 'none' ? null : undefined;
  const path = labels['request_path'] ?? labels['request_url_path'];
  const method = labels['request_method'];
  return {
    server,
    peer: { type: 'workload', workload: source.workload },
    port,
    identity: principal === 'unknown' || principal === '' ? anonymous : principal,
    http: path === undefined || method === undefined ? undefined : { method, path },
  };
}

function linkerd({ labels }: Sample, cluster: Cluster): Told | string {
  const { namespace, pod, tls, client_id: identity = '' } = labels;
  const owner = labels['deployment'] ?? labels['statefulset'] ?? labels['daemonset'] ?? labels['job'];
  const server = podNamed(cluster, namespace, owner, pod);
  if (typeof server === 'string') return server;
  const port = Number(labels['target_port'] ?? /:(\d+)$/.exec(labels['target_addr'] ?? '')?.[1]);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return 'the port is not told';
  if (tls !== 'true' || identity === '') return 'the client has no identity, and its address is not told';
  const [, account, place] = /^(.+)\.([^.]+)\.serviceaccount\.identity\./.exec(identity) ?? [];
  const own = cluster.pods.filter((each) => each.namespace === place && each.serviceAccount === account);
  const [client, ...others] = new Map(own.map(({ workload }) => [workloadKey(workload), workload])).values();
  if (client === undefined) return `${JSON.stringify(identity)} is no account of a pod of the cluster`;
  if (others.length > 0) return `${JSON.stringify(identity)} is the account of several workloads`;
  return { server, peer: { type: 'workload', workload: client }, port, identity, http: undefined };
}

/** The pod itself, or any that stands for its workload: a mesh calls it by its name alone. */
function podNamed({ pods }: Cluster, namespace = '', workload = '', name = ''): ClusterPod | string {
  const inside = pods.filter((each) => each.namespace === namespace && !each.hostNetwork);
  const exact = inside.find((each) => each.name === name);
  if (exact !== undefined) return exact;
  const own = inside.filter((each) => each.workload.name === workload).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const [first] = own;
  if (first === undefined) return `${JSON.stringify(`${namespace}/${workload}`)} has no pod in the cluster`;
  const kinds = new Set(own.map((each) => each.workload.kind));
  return kinds.size > 1 ? `${JSON.stringify(`${namespace}/${workload}`)} is the name of several workloads` : first;
}

/** Istio counts by Service and not by port: where the Service has one way to the pod, that is it. */
function portOf(labels: Sample['labels'], server: ClusterPod, { services }: Cluster): number | string {
  const told = Number(labels['destination_port']);
  if (Number.isInteger(told) && told > 0 && told <= 65_535) return told;
  const { destination_service_name: name = '', destination_service_namespace: namespace = '' } = labels;
  const service = services.find((each) => each.name === name && each.namespace === namespace);
  if (service === undefined || service.selector === null || !selects({ matchLabels: service.selector }, server.labels))
    return `the port is not told, and ${JSON.stringify(`${namespace}/${name}`)} is no Service of the pod`;
  const targets = service.ports.flatMap(({ targetPort, protocol }) => {
    if (protocol !== 'TCP') return [];
    if (typeof targetPort === 'number') return [targetPort];
    return server.ports.filter((each) => each.name === targetPort).map(({ containerPort }) => containerPort);
  });
  const [port, ...others] = new Set(targets);
  if (port === undefined || others.length > 0)
    return `the port is not told, and ${JSON.stringify(`${namespace}/${name}`)} does not lead to one alone`;
  return port;
}

function flowOf({ server, peer, port, identity, http }: Told, { value, first, last }: Sample, now: number): Flow {
  return {
    type: 'flow',
    container: idOf(server),
    phase: 'program',
    program: null,
    seen: { first: first ?? now, last: last ?? now, count: Math.max(1, Math.min(Math.floor(value), 2 ** 31)) },
    direction: 'ingress',
    protocol: 'tcp',
    port,
    peer,
    ...(http === undefined ? {} : { http }),
    ...(identity === undefined ? {} : { identity }),
    outcome: 'established',
  };
}

function joined(a: Flow['seen'], b: Flow['seen']): Flow['seen'] {
  return { first: Math.min(a.first, b.first), last: Math.max(a.last, b.last), count: a.count + b.count };
}

function idOf({ namespace, name }: ClusterPod): string {
  return `mesh-metrics/${namespace}/${name}`;
}
