/** One function for each operation of `#api/routes.ts`; what it gets was checked by the route's schemas. */
import { Readable } from 'node:stream';
import { createGzip, createZstdCompress } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiUsesQuery } from '#api/api-uses.ts';
import { openapi } from '#api/openapi.ts';
import { json, ndjson, type Operation } from '#api/routes.ts';
import type { Scope } from '#api/scope.ts';
import { Refusal } from '../access/refusal.ts';
import { ping, store } from '../storage/storage.ts';
import { recordingIn } from './body.ts';
import type { Context } from './context.ts';
import { apiUseLines, takeAuditEvents } from './audit-events.ts';
import { audit, explained, generate, prove } from './judging.ts';
import { found, queryOf, recordingLines, workloadText } from './reading.ts';

export interface Asked {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

type Handler = (context: Context, asked: Asked, request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
type Judged = Parameters<typeof prove>[1];

export const handlers: Readonly<Record<Operation, Handler>> = {
  report: (context, { body }, { node }) => context.uploads.take(() => report(context, body, node)),

  async recordings(context, { query: scope }, request, reply) {
    const { query, all } = await found(context, scope as Scope);
    return stream(recordingLines(context, all, query), ndjson, request, reply);
  },

  async workloads(context, { query }, request, reply) {
    return stream(workloadText(context, queryOf(context, query as Scope)), json, request, reply);
  },

  async generate(context, { params, body }, request, reply) {
    const { policy } = params as { policy: string };
    const lines = await generate(context, policy, body as Parameters<typeof generate>[2]);
    return stream(lines, ndjson, request, reply);
  },

  prove: (context, { body }) => prove(context, body as Judged),
  explain: (context, { body }) => explained(context, body as Judged),
  audit: (context, { body }) => audit(context, body as Judged),

  auditEvents: (context, { body }) => context.auditEvents.take(() => takeAuditEvents(context, body)),

  async apiUses(context, { query }, request, reply) {
    return stream(apiUseLines(context, query as ApiUsesQuery), ndjson, request, reply);
  },

  openapi: async ({ version }) => openapi(version),
  healthz: async () => 'ok\n',
  async readyz(context) {
    await ping(context.storage);
    return 'ok\n';
  },
  async metrics({ metrics: { registry } }, _asked, _request, reply) {
    void reply.type(registry.contentType);
    return registry.metrics();
  },
};

async function report(context: Context, body: unknown, node: string | null): Promise<object> {
  if (!Buffer.isBuffer(body) || body.length === 0) throw new Refusal(400, 'the body is empty');
  const recording = await recordingIn(body);
  if (context.ownPods !== null && node !== null) {
    context.metrics.unverifiedPods.inc(await context.ownPods.check(recording.containers, node));
  }
  const { runs, coverage, facts, written } = await store(context.storage, [recording]);
  context.metrics.observations.inc({ known: 'no' }, written);
  context.metrics.observations.inc({ known: 'yes' }, runs + coverage + facts - written);
  return { containers: runs, observations: facts, new: written };
}

/**
 * The first chunk is waited for, so that what fails before it is answered with its code. A failure after it breaks the
 * connection: no reader takes a part for the whole. One chunk waits at a time.
 */
async function stream(
  chunks: AsyncGenerator<string>,
  type: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const first = await chunks.next();
  void reply.type(type);
  const text = Readable.from(after(first, chunks), { highWaterMark: 1 });
  const encoding = /\b(zstd|gzip)\b/.exec(request.headers['accept-encoding'] ?? '')?.[1];
  if (encoding === undefined) return reply.send(text);
  const pressed = encoding === 'zstd' ? createZstdCompress() : createGzip();
  text.once('error', (error) => pressed.destroy(error));
  pressed.once('close', () => text.destroy());
  return reply.header('content-encoding', encoding).send(text.pipe(pressed));
}

async function* after(first: IteratorResult<string>, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}
