/**
 * Lines of other logs of connections → lines of ours: Hubble's flows (`hubble observe -o json`, its exporter) and access
 * logs of Istio's proxies (Envoy, as JSON). One that tells of no connection gives the reason.
 */
import { z } from 'zod';
import type { FlowLine } from './flow-line.ts';

/** A pod's name, `namespace/name`, by its address. */
export type PodAt = (ip: string) => string | null;

export type Converted =
  | { readonly type: 'lines'; readonly lines: readonly FlowLine[] }
  | { readonly type: 'left'; readonly reason: string }
  /** Events that the writer dropped before anybody saw them: of whom is not known. */
  | { readonly type: 'lost'; readonly count: number };

/** Null for a line of neither. */
export function converted(value: unknown, podAt: PodAt): Converted | null {
  const known = record.safeParse(value);
  if (!known.success) return null;
  const { flow, lost_events: lost, node_status: node, verdict, upstream_cluster: upstream } = known.data;
  if (lost !== undefined) return { type: 'lost', count: Math.max(1, Number(lost.num_events_lost ?? 1) || 1) };
  if (node !== undefined) return { type: 'left', reason: 'the state of a node' };
  if (flow !== undefined || verdict !== undefined) return ofHubble(flow ?? value, podAt);
  return upstream === undefined ? null : ofEnvoy(value, podAt);
}

const record = z.looseObject({
  flow: z.unknown().optional(),
  lost_events: z.looseObject({ num_events_lost: z.union([z.string(), z.number()]).optional() }).optional(),
  node_status: z.unknown().optional(),
  verdict: z.string().optional(),
  upstream_cluster: z
    .string()
    .nullish()
    .transform((text) => text ?? undefined),
});

const portNumber = z.int().min(0).max(65_535);
const ports = z.looseObject({
  source_port: portNumber,
  destination_port: portNumber,
  flags: z.looseObject({ SYN: z.boolean().optional(), ACK: z.boolean().optional() }).optional(),
});
const icmp = z.looseObject({ type: z.int().min(0).max(255).optional() });
const party = z.looseObject({ namespace: z.string().optional(), pod_name: z.string().optional() }).optional();

/** Fields as api/v1/flow/flow.proto of Cilium 1.16 to 1.19 has them, in protobuf's JSON. */
const hubbleFlow = z.looseObject({
  time: z.iso.datetime({ offset: true }),
  verdict: z.string(),
  IP: z.looseObject({ source: z.string(), destination: z.string() }),
  l4: z.looseObject({
    TCP: ports.optional(),
    UDP: ports.optional(),
    SCTP: ports.optional(),
    ICMPv4: icmp.optional(),
    ICMPv6: icmp.optional(),
  }),
  source: party,
  destination: party,
  traffic_direction: z.string().optional(),
  trace_reason: z.string().optional(),
  is_reply: z.boolean().nullish(),
  destination_names: z.array(z.string()).optional(),
  l7: z
    .looseObject({
      type: z.string().optional(),
      http: z.looseObject({ method: z.string().optional(), url: z.string().optional() }).optional(),
    })
    .optional(),
});
type HubbleFlow = z.infer<typeof hubbleFlow>;

/** What went through: `AUDIT` did, though a policy that is enforced would have refused it. */
const passed = ['FORWARDED', 'REDIRECTED', 'AUDIT', 'TRACED', 'TRANSLATED'];

function ofHubble(value: unknown, podAt: PodAt): Converted {
  const parsed = hubbleFlow.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { type: 'left', reason: `a flow of Hubble without ${issue?.path.join('.') ?? 'what it takes'}` };
  }
  const flow = parsed.data;
  const { verdict, IP, source, destination, l4, l7 } = flow;
  if (!passed.includes(verdict)) return { type: 'left', reason: `refused (verdict ${verdict})` };
  if (l7?.type === 'RESPONSE') return { type: 'left', reason: 'a response, whose request tells the same' };
  const reply = l7 === undefined ? isReply(flow) : false;
  if (reply === null) return { type: 'left', reason: 'which end is the server is not told' };
  const sent = sentBy(l4);
  if (sent === null) return { type: 'left', reason: 'a protocol without a word here' };
  const ends = [
    { named: source, end: { ip: IP.source, ...(sent.from === null ? {} : { port: sent.from }) } },
    { named: destination, end: { ip: IP.destination, ...(sent.to === null ? {} : { port: sent.to }) } },
  ] as const;
  const [client, server] = reply ? [ends[1], ends[0]] : ends;
  const names = flow.destination_names ?? [];
  const http = requestOf(l7?.http);
  const common = {
    ts: Date.parse(flow.time),
    protocol: sent.protocol,
    ...(sent.icmpType === undefined ? {} : { icmpType: sent.icmpType }),
    // A SYN that was let through is an attempt until something comes back.
    ...(sent.protocol === 'TCP'
      ? { state: reply || l7 !== undefined || !sent.onlySyn ? 'ESTABLISHED' : 'SYN_SENT' }
      : {}),
    ...(http === null ? {} : { http }),
  };
  const [near, far] = [client.end, server.end];
  const nameOf = ({ named, end }: (typeof ends)[number]): string | null =>
    named?.namespace !== undefined && named.pod_name !== undefined && named.pod_name !== ''
      ? `${named.namespace}/${named.pod_name}`
      : podAt(end.ip);
  const [from, to] = [nameOf(client), nameOf(server)];
  const { traffic_direction: seen } = flow;
  const lines: FlowLine[] = [];
  if (from !== null && seen !== 'INGRESS')
    lines.push({
      ...common,
      ...{ direction: 'egress', pod: from, local: near, remote: far },
      ...(names.length === 0 || reply ? {} : { names }),
    });
  if (to !== null && seen !== 'EGRESS')
    lines.push({ ...common, direction: 'ingress', pod: to, local: far, remote: near });
  return lines.length === 0 ? { type: 'left', reason: 'of no pod of the cluster' } : { type: 'lines', lines };
}

/** Null where nothing tells. A lower port is no proof. */
function isReply({ is_reply: told, l4, trace_reason: reason }: HubbleFlow): boolean | null {
  if (typeof told === 'boolean') return told;
  const flags = l4.TCP?.flags;
  if (flags?.SYN === true) return flags.ACK === true;
  if (reason === 'REPLY') return true;
  return reason === 'NEW' || reason === 'ESTABLISHED' ? false : null;
}

interface Sent {
  readonly protocol: FlowLine['protocol'];
  readonly from: number | null;
  readonly to: number | null;
  readonly onlySyn: boolean;
  readonly icmpType?: number | undefined;
}

function sentBy({ TCP, UDP, SCTP, ICMPv4, ICMPv6 }: HubbleFlow['l4']): Sent | null {
  for (const [protocol, has] of [
    ['TCP', TCP],
    ['UDP', UDP],
    ['SCTP', SCTP],
  ] as const)
    if (has !== undefined) {
      const onlySyn = has.flags?.SYN === true && has.flags.ACK !== true;
      return { protocol, from: has.source_port, to: has.destination_port, onlySyn };
    }
  for (const [protocol, has] of [
    ['ICMP', ICMPv4],
    ['ICMPv6', ICMPv6],
  ] as const)
    if (has !== undefined) return { protocol, from: null, to: null, onlySyn: false, icmpType: has.type ?? 0 };
  return null;
}

function requestOf(http: NonNullable<HubbleFlow['l7']>['http']): { method: string; path: string } | null {
  const { method = '', url = '' } = http ?? {};
  if (method === '' || url === '') return null;
  if (url.startsWith('/')) return { method, path: url };
  // As it stands: a parser would take dot segments out of it.
  const path = /^[a-z]+:\/\/[^/?#]*([^#]*)/i.exec(url)?.[1];
  return path === undefined ? null : { method, path: path.startsWith('/') ? path : `/${path}` };
}

/** The fields of Istio's own log (meshConfig.accessLogEncoding: JSON); empty ones are null, or a dash. */
const accessLog = z.looseObject({
  start_time: z.iso.datetime({ offset: true }),
  upstream_cluster: z.string(),
  downstream_local_address: z.string(),
  downstream_remote_address: z.string(),
  method: z.string().nullish(),
  path: z.string().nullish(),
  response_code_details: z.string().nullish(),
  /** Not among the defaults: the client's identity, where somebody asked for it. */
  downstream_peer_uri_san: z.string().nullish(),
});

function ofEnvoy(value: unknown, podAt: PodAt): Converted {
  const parsed = accessLog.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { type: 'left', reason: `a line of a proxy's log without ${issue?.path.join('.') ?? 'what it takes'}` };
  }
  const { upstream_cluster: upstream, method, path, downstream_peer_uri_san: san } = parsed.data;
  const [, port] = /^inbound\|(\d{1,5})\|/.exec(upstream) ?? [];
  if (port === undefined) return { type: 'left', reason: "told by the client's proxy: the server's tells who came" };
  if (parsed.data.response_code_details?.startsWith('rbac_access_denied') === true)
    return { type: 'left', reason: 'refused (rbac_access_denied)' };
  const [local, remote] = [parsed.data.downstream_local_address, parsed.data.downstream_remote_address].map(endOf);
  if (local == null || remote == null) return { type: 'left', reason: 'its addresses are no address and port' };
  const pod = podAt(local.ip);
  if (pod === null) return { type: 'left', reason: 'of no pod of the cluster' };
  const isTold = (text: string | null | undefined): text is string => text != null && text !== '' && text !== '-';
  const line: FlowLine = {
    ...{ ts: Date.parse(parsed.data.start_time), direction: 'ingress', pod, protocol: 'TCP', state: 'ESTABLISHED' },
    ...{ local: { ip: local.ip, port: Number(port) }, remote },
    ...(isTold(method) && isTold(path) ? { http: { method, path } } : {}),
    ...(isTold(san) ? { identity: san } : {}),
  };
  return { type: 'lines', lines: [line] };
}

/** `10.1.2.3:80`, `[fd00::1]:80`. */
function endOf(text: string): { ip: string; port: number } | null {
  const [, six, four, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text) ?? [];
  const ip = six ?? four;
  return ip === undefined || port === undefined ? null : { ip, port: Number(port) };
}
