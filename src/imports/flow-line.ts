/**
 * One line of a flow log, as any log of connections can be turned into:
 * `{ts, direction, pod, local: {ip, port}, remote: {ip, port}, postNat?: {ip, port}, protocol, state?, names?, http?,
 * identity?}`.
 * `remote` is as the pod dialled it, `postNat` where the packets went; `ts` in seconds or milliseconds. Other fields are
 * ignored.
 */
import { z } from 'zod';

const end = z.object({ ip: z.string(), port: z.int().min(0).max(65_535).optional() });
export const flowLine = z.object({
  ts: z.number().nonnegative(),
  direction: z.enum(['ingress', 'egress']),
  /** namespace/name of the pod that saw it. */
  pod: z.string().regex(/^[^/]+\/[^/]+$/, 'a pod is namespace/name'),
  local: end,
  remote: end,
  postNat: end.optional(),
  protocol: z.enum(['TCP', 'UDP', 'SCTP', 'ICMP', 'ICMPv6']),
  icmpType: z.int().min(0).max(255).optional(),
  state: z.string().optional(),
  names: z.array(z.string()).optional(),
  count: z.int().positive().optional(),
  /** A request that the connection carried; `path` as it was asked for, with its query. */
  http: z.object({ method: z.string().min(1), path: z.string().min(1) }).optional(),
  /** Of ingress: who the client proved to be to a mesh; null where it came without. */
  identity: z.string().min(1).max(2048).nullish(),
});
export type FlowLine = z.infer<typeof flowLine>;

const directions: readonly unknown[] = flowLine.shape.direction.options;
const protocols: readonly unknown[] = flowLine.shape.protocol.options;

/** Whether a line surely is one, told in a fraction of the schema's time; the schema has the last word on others. */
export function isFlowLine(value: unknown): value is FlowLine {
  if (typeof value !== 'object' || value === null) return false;
  const { ts, direction, pod, local, remote, postNat, protocol, icmpType, state, names, count, http, identity } =
    value as Readonly<Record<string, unknown>>;
  return (
    typeof ts === 'number' &&
    Number.isFinite(ts) &&
    ts >= 0 &&
    directions.includes(direction) &&
    protocols.includes(protocol) &&
    typeof pod === 'string' &&
    pod.indexOf('/') > 0 &&
    pod.indexOf('/') === pod.lastIndexOf('/') &&
    !pod.endsWith('/') &&
    isEnd(local) &&
    isEnd(remote) &&
    (postNat === undefined || isEnd(postNat)) &&
    (state === undefined || typeof state === 'string') &&
    icmpType === undefined &&
    names === undefined &&
    count === undefined &&
    http === undefined &&
    identity === undefined
  );
}

function isEnd(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { ip, port } = value as Readonly<Record<string, unknown>>;
  return (
    typeof ip === 'string' &&
    (port === undefined || (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65_535))
  );
}
