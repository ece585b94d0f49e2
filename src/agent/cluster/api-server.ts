/**
 * The API server as the agent needs it: get, list in pages, watch. On node:https alone: the client library costs
 * more resident memory than the agent may have (ARCHITECTURE.md has the figures).
 */
import { readFileSync } from 'node:fs';
import { Agent as PlainAgent, type IncomingMessage, request as plainRequest, type RequestOptions } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { TokenFile } from './token-file.ts';

export interface ApiServer {
  /** The JSON of one answer. Throws ApiError for another status than 200. */
  get(path: string, accept?: string): Promise<unknown>;
  /** The events of a watch, until the server ends it. Throws as `get` does, and when the connection breaks. */
  watch(path: string, signal: AbortSignal, accept?: string): AsyncIterable<unknown>;
  close(): void;
}

export class ApiError extends Error {
  readonly status: number;
  /** What the server asks to be waited for; null where it asks nothing. */
  readonly retryAfterMs: number | null;
  constructor(what: string, status: number, retryAfterMs: number | null) {
    super(`${what}: ${status}`);
    this.name = 'ApiError';
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

export interface ApiServerOptions {
  /** `https://10.96.0.1:443`. */
  readonly url: string;
  readonly tokenFile: string | null;
  readonly caFile: string | null;
}

/** Where kubelet puts what a pod needs to speak to the API server. */
const account = '/var/run/secrets/kubernetes.io/serviceaccount';
const answerMs = 30_000;
/** A watch says something at least this often: the server ends it after ten minutes at most. */
const silenceMs = 660_000;
const maxAnswerBytes = 256 << 20;

/** Of the cluster that we are a pod of; null outside of one. */
export function inCluster(environment: Readonly<Record<string, string | undefined>>): ApiServerOptions | null {
  const host = environment['KUBERNETES_SERVICE_HOST'];
  const port = environment['KUBERNETES_SERVICE_PORT'] ?? '443';
  if (host === undefined || host === '') return null;
  const url = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { url, tokenFile: `${account}/token`, caFile: `${account}/ca.crt` };
}

export function apiServer({ url, tokenFile, caFile }: ApiServerOptions): ApiServer {
  const base = new URL(url);
  const tls = base.protocol === 'https:';
  const token = tokenFile === null ? null : new TokenFile(tokenFile);
  const ca = caFile === null ? {} : { ca: readFileSync(caFile) };
  const agent = tls ? new TlsAgent({ keepAlive: true, ...ca }) : new PlainAgent({ keepAlive: true });

  async function open(path: string, accept: string, signal: AbortSignal | null): Promise<IncomingMessage> {
    const bearer = token?.read() ?? null;
    const options: RequestOptions = {
      agent,
      headers: { accept, ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }) },
      ...(signal === null ? {} : { signal }),
    };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = (tls ? tlsRequest : plainRequest)(new URL(path, base), options, resolve);
    request.once('error', reject);
    request.setTimeout(signal === null ? answerMs : silenceMs, () =>
      request.destroy(
        new Error(`the API server said nothing for ${(signal === null ? answerMs : silenceMs) / 1000} s`),
      ),
    );
    request.end();
    const response = await promise;
    if (response.statusCode === 200) return response;
    response.resume();
    const after = Number(response.headers['retry-after']);
    throw new ApiError(
      `the API server refused ${path.split('?')[0] ?? path}`,
      response.statusCode ?? 0,
      Number.isFinite(after) && after > 0 ? after * 1000 : null,
    );
  }

  return {
    async get(path, accept = 'application/json') {
      const chunks: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of await open(path, accept, null)) {
        chunks.push(chunk as Buffer);
        bytes += (chunk as Buffer).length;
        if (bytes > maxAnswerBytes) throw new Error(`the API server's answer to ${path} is larger than we read`);
      }
      return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
    },
    async *watch(path, signal, accept = 'application/json') {
      let rest: Buffer[] = [];
      for await (const chunk of await open(path, accept, signal)) {
        let from = 0;
        const bytes = chunk as Buffer;
        for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
          const line = Buffer.concat([...rest, bytes.subarray(from, end)]).toString('utf8');
          rest = [];
          from = end + 1;
          if (line.trim() !== '') yield JSON.parse(line) as unknown;
        }
        rest.push(bytes.subarray(from));
      }
    },
    close: () => agent.destroy(),
  };
}
