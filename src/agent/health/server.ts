/** /metrics, /healthz and /readyz. */
import { createServer, type Server } from 'node:http';
import { exposition, type Metric } from './exposition.ts';

export interface Health {
  readonly metrics: () => readonly Metric[];
  /** Null: all is well; otherwise the reason. A process that is not well should be started again. */
  readonly unwell: () => string | null;
  /** As above: not ready yet. */
  readonly unready: () => string | null;
}

/** `port` 0: any free one; the server's address tells which. */
export async function serveHealth(health: Health, host: string, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    const say = (status: number, text: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, { 'content-type': type });
      response.end(request.method === 'HEAD' ? undefined : text);
    };
    const state = (reason: string | null): void => say(reason === null ? 200 : 503, `${reason ?? 'ok'}\n`);
    if (request.method !== 'GET' && request.method !== 'HEAD') return say(405, 'only GET\n');
    const path = (request.url ?? '/').split('?')[0];
    if (path === '/metrics') return say(200, exposition(health.metrics()), 'text/plain; version=0.0.4; charset=utf-8');
    if (path === '/healthz') return state(health.unwell());
    if (path === '/readyz') return state(health.unready());
    say(404, 'there are /metrics, /healthz and /readyz\n');
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, host, resolve);
  await promise;
  return server;
}
