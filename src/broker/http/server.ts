/** The routes of `#api/routes.ts`, each with its check, over HTTP. */
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Operation, type Route, routes } from '#api/routes.ts';
import type { Identity } from '../access/reviews.ts';
import { Refusal } from '../access/refusal.ts';
import { RunOfAnotherPod, StorageTrouble } from '../storage/storage.ts';
import { maxBatchBytes } from './audit-events.ts';
import { maxBodyBytes } from './body.ts';
import type { Context } from './context.ts';
import { handlers } from './handlers.ts';
import type { Limits } from './limits.ts';

declare module 'fastify' {
  interface FastifyRequest {
    identity: Identity | null;
    /** Whose pods an agent may report. */
    node: string | null;
  }
}

export interface Tls {
  readonly key: string;
  readonly cert: string;
}

export function server(context: Context, limits: Limits, tls: Tls | null): FastifyInstance {
  const app = fastify({
    ...(tls === null ? {} : { https: { ...tls, minVersion: 'TLSv1.2' as const } }),
    bodyLimit: maxBodyBytes,
    // A body that trickles holds a connection for no longer than this.
    requestTimeout: 60_000,
    connectionTimeout: 120_000,
    forceCloseConnections: true,
  }) as FastifyInstance;
  app.decorateRequest('identity', null);
  app.decorateRequest('node', null);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  for (const [operation, route] of Object.entries<Route>(routes))
    add(app, context, limits, operation as Operation, route);
  app.setNotFoundHandler((request, reply) => {
    void reply
      .code(404)
      .send({ error: `there is no ${request.method} ${JSON.stringify(request.url)}; see /openapi.json` });
  });
  app.setErrorHandler((error: Error, request, reply) => answerError(context, error, request, reply));
  app.addHook('onResponse', async (request, reply) => {
    const operation = request.routeOptions.config.operation ?? 'none';
    context.metrics.requests.inc({ operation, code: String(reply.statusCode) });
    context.metrics.seconds.observe({ operation }, reply.elapsedTime / 1000);
  });
  return app;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    operation?: Operation;
  }
}

function add(app: FastifyInstance, context: Context, limits: Limits, operation: Operation, route: Route): void {
  app.route({
    method: route.method,
    url: route.path,
    config: { operation },
    bodyLimit: route.access === 'auditor' ? maxBatchBytes : maxBodyBytes,
    // Before the body is read: who may not, sends nothing.
    onRequest: async (request) => admit(context, limits, route, request),
    async handler(request, reply) {
      const asked = {
        params: checked(route.params, request.params, 'path'),
        query: checked(route.query, request.query, 'query'),
        // A webhook's batch waits for its turn before it is read.
        body:
          route.body?.content === 'application/json' && route.access !== 'auditor'
            ? jsonOf(route, request.body)
            : request.body,
      };
      if (route.access === 'reader' && request.identity !== null) {
        await context.gate.reader(request.identity, namespaceOf(asked));
      }
      return handlers[operation](context, asked, request, reply);
    },
  });
}

async function admit(context: Context, limits: Limits, route: Route, request: FastifyRequest): Promise<void> {
  if (route.access === 'open') return;
  const { gate } = context;
  const { authorization } = request.headers;
  const audience = route.access === 'agent' ? 'ours' : 'any';
  if (!gate.remembers(authorization, audience)) await limits.stranger(request.ip);
  try {
    request.identity = await gate.identify(authorization, audience);
  } catch (error) {
    if (error instanceof Refusal && error.code === 401) await limits.failed(request.ip);
    throw error;
  }
  // API servers share an account, and send as often as they have something to tell; turns hold them back.
  if (route.access === 'auditor') return gate.auditor(request.identity);
  await limits.known(request.identity);
  if (route.access === 'agent') request.node = await gate.agent(request.identity);
}

/** Both kinds of requests about workloads carry their scope: as the query, or in the body. */
function namespaceOf({ query, body }: { query: unknown; body: unknown }): string | null {
  const scope = (body as { scope?: { namespace?: string } } | null)?.scope ?? (query as { namespace?: string } | null);
  return scope?.namespace ?? null;
}

function checked(schema: Route['params'], value: unknown, where: string): unknown {
  if (schema === undefined) return null;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Refusal(400, `${[where, ...(issue?.path ?? [])].join('.')}: ${issue?.message ?? 'not valid'}`);
}

function jsonOf({ body }: Route, bytes: unknown): unknown {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes as Buffer));
  } catch (error) {
    throw new Refusal(400, 'the body is not JSON', error);
  }
  return checked(body?.schema as Route['params'], value, 'body');
}

/** One sentence for who asked; the cause is for our log alone. */
function answerError(context: Context, error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const { code, message, retryAfterSeconds } = told(error);
  const { identity, node, ip, method } = request;
  const { operation } = request.routeOptions.config;
  const facts = { operation, method, code, remote: ip, user: identity?.username, node, reason: message };
  if (code < 500) context.log.warn(facts, 'refused');
  // What a probe is told every few seconds is logged when it changes, by whoever watches the database.
  else if (operation !== 'readyz')
    context.log.error({ ...facts, ...(code === 500 ? { cause: causes(error) } : {}) }, 'failed');
  // What is still being sent is read and thrown away, so that the sender comes to read the answer.
  if (code === 413) void reply.removeHeader('connection');
  if (code === 401) void reply.header('www-authenticate', 'Bearer');
  if (retryAfterSeconds !== null) void reply.header('retry-after', String(retryAfterSeconds));
  void reply.code(code).type('application/json').send({ error: message });
}

function told(error: Error & { statusCode?: number }): {
  code: number;
  message: string;
  retryAfterSeconds: number | null;
} {
  const { message } = error;
  if (error instanceof Refusal) {
    return { code: error.code, message, retryAfterSeconds: error.retryAfterSeconds };
  }
  if (error instanceof RunOfAnotherPod) return { code: 403, message, retryAfterSeconds: null };
  if (error instanceof StorageTrouble) {
    return {
      code: error.trouble === 'full' ? 507 : 503,
      message,
      retryAfterSeconds: error.trouble === 'full' ? 30 : 5,
    };
  }
  const code = error.statusCode ?? 500;
  return code < 500
    ? { code, message, retryAfterSeconds: null }
    : { code: 500, message: 'the broker failed; its log says why', retryAfterSeconds: null };
}

function causes(error: unknown): string[] {
  const all: string[] = [];
  for (let at = error; at instanceof Error && all.length < 5; at = at.cause) all.push(at.stack ?? at.message);
  return all;
}
