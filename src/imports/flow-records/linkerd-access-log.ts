/**
 * Access logs of Linkerd's proxies (`config.linkerd.io/access-log: json`; linkerd2-proxy linkerd/http/access-log): who
 * came, and with what, but neither the server's address nor its port. `host` and `uri` are what the client wrote. Who is
 * refused at one server could write its name into a request to another, and what was made of the log would let it in:
 * so nothing is made of it.
 */
import type { Converted } from './converted.ts';

export function isAccessLog(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { 'client.addr': client, uri, method } = value as Readonly<Record<string, unknown>>;
  return typeof client === 'string' && typeof uri === 'string' && typeof method === 'string';
}

export const withoutServer: Converted = {
  type: 'left',
  reason: "an access log of Linkerd's proxy names no server but as the client wrote it (linkerd viz tap -o json does)",
};
