/**
 * Events of `linkerd viz tap -o json` (linkerd2 viz/cmd/tap.go): a request, the beginning of its answer, and its end, which
 * bear one id within a proxy's connection. The server's proxy taps what its policies let through (linkerd2-proxy
 * inbound/src/http/router.rs); the client's taps refusals, too, so a request is evidence once its answer is no refusal.
 * Events tell no time, and paths come without query.
 */
import { z } from 'zod';
import type { FlowLine } from '../flow-line.ts';
import type { Converted, PodAt } from './converted.ts';

const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((each) => each ?? {});
const end = z.looseObject({ ip: z.string(), port: z.int().min(0).max(65_535), metadata: labels });
const id = z.looseObject({ base: z.int(), stream: z.int() });
const headers = z
  .array(z.looseObject({ name: z.string(), valueStr: z.string().optional() }))
  .nullish()
  .transform((each) => each ?? []);

const tapEvent = z.looseObject({
  source: end,
  destination: end,
  proxyDirection: z.string(),
  requestInitEvent: z.looseObject({ id, method: z.string(), path: z.string() }).nullish(),
  responseInitEvent: z.looseObject({ id, httpStatus: z.int(), headers }).nullish(),
  responseEndEvent: z
    .looseObject({ id, trailers: headers, grpcStatusCode: z.int(), resetErrorCode: z.int().optional() })
    .nullish(),
});
type TapEvent = z.infer<typeof tapEvent>;

export function isTapEvent(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'proxyDirection' in value;
}

export interface TapReader {
  add(value: unknown): readonly Converted[];
  end(): readonly Converted[];
  gaps(): readonly string[];
}

interface Open {
  /** A reason where it is no evidence. */
  readonly asked: FlowLine | string;
  answered: boolean;
  refused: string | null;
}

/** `written`: when the log was, milliseconds since the epoch. */
export function readingTap(podAt: PodAt, written: number | null): TapReader {
  const open = new Map<string, Open>();
  let seen = false;

  const left = (reason: string): Converted => ({ type: 'left', reason });

  function settle(key: string): Converted[] {
    const found = open.get(key);
    if (found === undefined) return [];
    open.delete(key);
    const { asked, answered, refused } = found;
    if (typeof asked === 'string') return [left(asked)];
    if (refused !== null) return [left(refused)];
    return [answered ? { type: 'lines', lines: [asked] } : left('a request whose answer the log does not tell')];
  }

  return {
    add(value) {
      seen = true;
      const parsed = tapEvent.safeParse(value);
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        return [left(`an event of a tap without ${issue?.path.join('.') ?? 'what it takes'}`)];
      }
      const event = parsed.data;
      const { requestInitEvent: request, responseInitEvent: answer, responseEndEvent: last } = event;
      const stream = (request ?? answer ?? last)?.id;
      if (stream === undefined) return [left('an event of a tap about no request')];
      const { source, destination, proxyDirection } = event;
      // Proxies count by themselves: two connections may have requests of one id.
      const key = JSON.stringify([proxyDirection, ...[source, destination].map(({ ip, port }) => [ip, port]), stream]);
      if (request != null) {
        const before = settle(key);
        open.set(key, { asked: lineOf(event, podAt, written), answered: false, refused: null });
        return before;
      }
      const asked = open.get(key);
      if (asked === undefined) return answer == null ? [] : [left('an answer whose request the log does not tell')];
      if (answer != null) {
        asked.answered = true;
        asked.refused ??= refusal(answer.httpStatus, answer.headers);
        return [];
      }
      asked.refused ??= refusal(null, last?.trailers ?? []) ?? grpcRefusal(last?.grpcStatusCode);
      return settle(key);
    },
    end: () => [...open.keys()].flatMap(settle),
    gaps: () =>
      seen
        ? [
            'a tap tells of HTTP alone, and of no more requests a second than it was asked for (--max-rps, 100 by default)',
            ...(written === null ? [] : ['a tap tells no times: when its log was written stands for them']),
          ]
        : [],
  };
}

/** What a policy's answer may be: the application's own looks the same. */
function refusal(status: number | null, given: z.infer<typeof headers>): string | null {
  if (status === 403) return 'refused (status 403)';
  const valueOf = (wanted: string): string | undefined =>
    given.find(({ name }) => name.toLowerCase() === wanted)?.valueStr;
  if (given.some(({ name }) => name.toLowerCase() === 'l5d-proxy-error'))
    return 'answered by a proxy in place of the server (l5d-proxy-error)';
  return grpcRefusal(Number(valueOf('grpc-status')));
}

/** gRPC's PERMISSION_DENIED. */
function grpcRefusal(code: number | undefined): string | null {
  return code === 7 ? 'refused (gRPC status 7)' : null;
}

function lineOf(event: TapEvent, podAt: PodAt, written: number | null): FlowLine | string {
  const { source, destination, proxyDirection, requestInitEvent: request } = event;
  if (written === null) return 'a tap tells no times, and when its log was written is not known';
  const direction = proxyDirection === 'INBOUND' ? 'ingress' : proxyDirection === 'OUTBOUND' ? 'egress' : null;
  if (direction === null) return "whose proxy tells it is not told (neither the client's nor the server's)";
  const [near, far] = direction === 'ingress' ? [destination, source] : [source, destination];
  const { pod: name = '', namespace = '' } = near.metadata;
  const pod = name !== '' && namespace !== '' ? `${namespace}/${name}` : podAt(near.ip);
  if (pod === null) return 'of no pod of the cluster';
  const { method = '', path = '' } = request ?? {};
  const identity = direction === 'ingress' ? identityOf(source.metadata) : undefined;
  if (identity !== undefined && identity !== null && identity.length > longest) return 'an identity longer than any';
  return {
    ...{ ts: written, direction, pod, protocol: 'TCP', state: 'ESTABLISHED' },
    local: { ip: near.ip, port: near.port },
    remote: { ip: far.ip, port: far.port },
    ...(method === '' || path === '' ? {} : { http: { method, path } }),
    ...(identity === undefined ? {} : { identity }),
  };
}

/** Of a SPIFFE ID, in bytes. */
const longest = 2048;

/** Why a proxy saw no TLS of a client that it terminates itself (linkerd2-proxy linkerd/tls, and its older words). */
const withoutTls = [
  'disabled',
  'loopback',
  'port_skipped',
  'no_tls_from_remote',
  'not_provided_by_remote',
  'no_peer_id_from_remote',
];

/** Null for a client that came without; undefined where it is not told. */
function identityOf({ tls, client_id: id }: Readonly<Record<string, string>>): string | null | undefined {
  if (tls === 'true') return id === undefined ? undefined : id === '' ? null : id;
  return tls !== undefined && withoutTls.includes(tls) ? null : undefined;
}
