/** A broker for the agent's tests: takes recordings as the real one does, and fails when told to. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { zstdDecompressSync } from 'node:zlib';
import { readRecording } from '#observation/reading.ts';
import type { Recording } from '#observation/recording.ts';

export interface BrokerDouble {
  readonly url: string;
  /** Whole recordings that were acknowledged, as they came. */
  readonly taken: readonly Recording[];
  readonly headers: readonly IncomingHttpHeaders[];
  /** The status of the next answers; 204 when there are none. 0: the connection breaks after the body was read. */
  readonly answers: number[];
  close(): Promise<void>;
}

export async function startBroker(port = 0): Promise<BrokerDouble> {
  const taken: Recording[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const answers: number[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    void (async () => {
      const body = await buffer(request);
      if (request.method !== 'POST' || request.url !== '/v1/recordings') return void response.writeHead(404).end();
      headers.push(request.headers);
      const status = answers.shift() ?? 204;
      const text = zstdDecompressSync(body).toString('utf8').trimEnd();
      if (status === 0) {
        taken.push(await readRecording(text.split('\n')));
        return void request.socket.destroy();
      }
      if (status < 300) taken.push(await readRecording(text.split('\n')));
      response.writeHead(status, { 'content-type': 'text/plain' }).end(status < 300 ? undefined : 'not now');
    })().catch((error: unknown) => response.writeHead(400).end(String(error)));
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: own } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${own}`,
    taken,
    headers,
    answers,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
