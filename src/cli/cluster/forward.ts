/** `kubectl port-forward` for one pod: a free port on loopback that leads into it, through the API server. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { PortForward } from '@kubernetes/client-node';
import type { Api } from './api.ts';

export interface Forwarded {
  readonly port: number;
  close(): void;
}

/** `failed` is told why a connection could not be led on; the client only sees it end. */
export async function forward(
  { config }: Api,
  namespace: string,
  pod: string,
  port: number,
  failed: (error: Error) => void,
): Promise<Forwarded> {
  const forwarder = new PortForward(config);
  const server = createServer((socket) => {
    const errors = new PassThrough();
    errors.on('data', (text: Buffer) => {
      failed(new Error(text.toString('utf8').trim()));
      socket.destroy();
    });
    socket.on('error', () => undefined);
    forwarder.portForward(namespace, pod, [port], socket, errors, socket).then(
      (opened) => {
        const channel = typeof opened === 'function' ? opened() : opened;
        socket.on('close', () => channel?.close());
      },
      (error: unknown) => {
        // What a web socket fails with is an event, not an Error.
        failed(error instanceof Error ? error : new Error((error as { message?: string }).message ?? 'refused'));
        socket.destroy();
      },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => void server.close(),
  };
}
