/** The real `kguardian broker`, as a process of its own, and requests to it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { readRecordings } from '#observation/reading.ts';
import type { Recording } from '#observation/recording.ts';
import { kguardian } from './cli.ts';

export interface Broker {
  readonly url: string;
  readonly process: ChildProcess;
  /** What it logged up to now, each line parsed. */
  readonly log: readonly Record<string, unknown>[];
  /** The log as text, for what must not stand in it. */
  text(): string;
  /** Sends the signal, by default SIGTERM, and waits; the exit code, or the signal. */
  end(signal?: NodeJS.Signals): Promise<number | string | null>;
}

/** Resolves when it listens; rejects with what it said when it ends before. */
export async function startBroker(
  argv: readonly string[],
  { env = {}, uid }: { env?: Record<string, string>; uid?: number } = {},
): Promise<Broker> {
  const as = uid === undefined ? {} : { uid, gid: uid };
  const child = spawn(kguardian, ['broker', ...argv], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
    ...as,
  });
  const log: Record<string, unknown>[] = [];
  let text = '';
  let open = '';
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
    const lines = (open + chunk.toString('utf8')).split('\n');
    open = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith('{')) continue;
      const entry = JSON.parse(line) as Record<string, unknown>;
      log.push(entry);
      if (entry['msg'] === 'listening') resolve(entry['where'] as string);
    }
  });
  const ended = new Promise<number | string | null>((settle) =>
    child.once('close', (code, signal) => {
      reject(new Error(`the broker ended with ${String(code ?? signal)}: ${text}`));
      settle(code ?? signal);
    }),
  );
  const url = await promise;
  return {
    url,
    process: child,
    log,
    text: () => text,
    end(signal = 'SIGTERM') {
      child.kill(signal);
      return ended;
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface Answer {
  readonly code: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: Buffer;
  /** The body as JSON. */
  json(): Record<string, unknown>;
}

export interface Ask {
  readonly method?: string;
  readonly token?: string;
  readonly body?: string | Buffer;
  readonly headers?: Record<string, string>;
  /** PEM; without it a certificate is taken on trust. */
  readonly ca?: string;
}

/** Rejects when the connection breaks before the answer is whole. */
export async function ask(url: string, { method = 'GET', token, body, headers = {}, ca }: Ask = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const request = (url.startsWith('https') ? tlsRequest : plainRequest)(
    url,
    {
      method,
      agent: false,
      headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      ...(ca === undefined ? { rejectUnauthorized: false } : { ca }),
    },
    (response) => {
      buffer(response).then((whole) => {
        const { statusCode: code = 0 } = response;
        const json = (): Record<string, unknown> => JSON.parse(whole.toString('utf8')) as Record<string, unknown>;
        resolve({ code, headers: response.headers, body: whole, json });
      }, reject);
    },
  );
  request.once('error', reject);
  request.end(body);
  return promise;
}

/** All that the broker has, as the plugin reads it. */
export async function recordingsFrom(broker: string, asking: Ask = {}, query = ''): Promise<Recording[]> {
  const { code, body } = await ask(`${broker}/v1/recordings${query}`, asking);
  if (code === 404) return [];
  if (code !== 200) throw new Error(`the broker answered ${code}: ${body.toString('utf8')}`);
  return Array.fromAsync(readRecordings(body.toString('utf8').trimEnd().split('\n')));
}
