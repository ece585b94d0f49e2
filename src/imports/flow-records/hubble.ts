/** Flows of Cilium's Hubble: `hubble observe -o json`, and its exporter. */
import { z } from 'zod';
import type { FlowLine } from '../flow-line.ts';
import type { Converted, PodAt } from './converted.ts';

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

/** `hubble observe -o json` prints it within `flow`, its exporter bare. */
export function ofHubble(value: unknown, podAt: PodAt): Converted {
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
