/**
 * Run inside a namespace: tries the connections of a JSON list on standard input, all at once, and prints how each
 * ended. UDP is a question to a DNS server, since without an answer nothing is known.
 */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import dnsPacket from 'dns-packet';

export interface Attempt {
  readonly ip: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
}
/** `answered`, or why not. */
export type Ended = 'answered' | 'refused' | 'silent';

const patience = 1500;

function tcp({ ip, port }: Attempt): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const socket = connect({ host: ip, port, timeout: patience });
  socket.once('connect', () => resolve('answered'));
  socket.once('timeout', () => resolve('silent'));
  socket.once('error', () => resolve('refused'));
  return promise.finally(() => socket.destroy());
}

function udp({ ip, port }: Attempt): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const socket = createSocket(ip.includes(':') ? 'udp6' : 'udp4');
  const question = dnsPacket.encode({
    type: 'query',
    id: 1,
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ type: 'A', name: 'web.shop' }],
  });
  socket.once('message', () => resolve('answered'));
  socket.once('error', () => resolve('refused'));
  socket.connect(port, ip, () => socket.send(question, (error) => error !== null && resolve('refused')));
  const timer = setTimeout(() => resolve('silent'), patience);
  return promise.finally(() => {
    clearTimeout(timer);
    socket.close();
  });
}

const attempts = JSON.parse(await text(process.stdin)) as Attempt[];
const ended = await Promise.all(attempts.map((each) => (each.protocol === 'TCP' ? tcp(each) : udp(each))));
process.stdout.write(JSON.stringify(ended));
