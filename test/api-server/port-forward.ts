/**
 * `pods/NAME/portforward` as the API server has it over a web socket (v4.channel.k8s.io): the first byte of a
 * message is its channel, 0 for data and 1 for errors, and each channel begins with the port's number.
 */
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { Refused } from './status.ts';

const protocol = 'v4.channel.k8s.io';
const data = 0;
const errors = 1;

export interface Forwards {
  /** Who asks may do so; throws Refused. */
  readonly authorise: (authorization: string | undefined, namespace: string, pod: string) => void;
  /** The port of loopback that stands for one of the pod's; null where nothing listens. */
  readonly portOf: (namespace: string, pod: string, port: number) => number | null;
}

export function servePortForwards(server: Server, { authorise, portOf }: Forwards): void {
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => (offered.has(protocol) ? protocol : false),
  });
  server.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url ?? '/', 'http://api');
    const [, namespace, pod] = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)\/portforward$/.exec(url.pathname) ?? [];
    const port = Number(url.searchParams.get('ports'));
    try {
      if (namespace === undefined || pod === undefined) throw new Refused(404, 'no such path');
      authorise(request.headers.authorization, namespace, pod);
      sockets.handleUpgrade(request, socket, head, (opened) => lead(opened, port, portOf(namespace, pod, port)));
    } catch (error) {
      const { code } = error instanceof Refused ? error.status : { code: 500 };
      socket.end(`HTTP/1.1 ${code} Refused\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
    }
  });
}

function lead(opened: WebSocket, port: number, local: number | null): void {
  const number = Buffer.from(Uint16Array.of(port).buffer);
  for (const channel of [data, errors]) opened.send(Buffer.concat([Buffer.of(channel), number]));
  const refuse = (why: string): void => {
    opened.send(Buffer.concat([Buffer.of(errors), Buffer.from(why)]));
    opened.close();
  };
  if (local === null) return refuse(`nothing listens on port ${port} of the pod`);
  const inside = connect(local, '127.0.0.1');
  inside.on('data', (chunk) => opened.send(Buffer.concat([Buffer.of(data), chunk])));
  inside.on('error', (error) => refuse(error.message));
  inside.on('close', () => opened.close());
  opened.on('message', (message: Buffer) => {
    if (message[0] === data) inside.write(message.subarray(1));
  });
  opened.on('close', () => inside.destroy());
}
