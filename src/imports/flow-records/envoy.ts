/** Access logs of Istio's proxies: Envoy, as JSON. */
import { z } from 'zod';
import type { FlowLine } from '../flow-line.ts';
import type { Converted, PodAt } from './converted.ts';

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

export function ofEnvoy(value: unknown, podAt: PodAt): Converted {
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
