/** Connections and ports as events: what a socket is connected to, and where it listens. */
import { type Network, parseAddress } from '#kubernetes/addresses.ts';
import type { ObservationOf } from '#observation/observation.ts';
import { event, type Field, type Happenings, own } from './event.ts';

/** The name of a socket that was connected to a path is `source->destination path`; addresses in the kernel nobody asks for. */
export function unix(name: Field): Record<string, Field> {
  const tuple = typeof name === 'string' ? `0->0 ${name}` : undefined;
  return { 'fd.type': 'unix', 'fd.typechar': 'u', 'fd.name': tuple };
}

export function flowHappenings(observation: ObservationOf<'flow'>, cluster: readonly Network[]): Happenings {
  const { direction, protocol, port, peer, service } = observation;
  if ((protocol !== 'tcp' && protocol !== 'udp') || port === null) return [];
  const address = 'ip' in peer ? peer.ip : null;
  if (direction === 'ingress') {
    if (protocol === 'udp') return [];
    const client = {
      'fd.cip': address ?? undefined,
      'fd.rip': address ?? undefined,
      'fd.sport': port,
      'fd.lport': port,
    };
    const fields = { ...own(observation), ...client };
    return [
      familiesOf(address).map((family) =>
        event(['accept', 'accept4'], { ...fields, ...socketOf(family, protocol) }, ['fs']),
      ),
    ];
  }
  const inCluster: Field = cluster.length > 0 ? { within: cluster } : undefined;
  const ends = [{ ip: address, port }, ...(service === undefined ? [] : [{ ip: null, port: service.port }])];
  return [
    ends
      .flatMap((end) => familiesOf(end.ip).map((family) => ({ ...end, family })))
      .flatMap((end) => {
        const server: Field = end.ip ?? inCluster;
        const fields = {
          ...own(observation),
          ...socketOf(end.family, protocol),
          ...{ 'fd.sip': server, 'fd.rip': server, 'fd.snet': server, 'fd.rnet': server },
          ...{ 'fd.sport': end.port, 'fd.rport': end.port, 'fd.is_server': false },
        };
        const connected = endings.map((ending) => event(['connect'], { ...fields, ...ending }, ['fs']));
        if (protocol === 'tcp') return connected;
        const sent = event(['sendto', 'sendmsg', 'sendmmsg'], { ...fields, 'fd.name_changed': true }, ['fs']);
        return [...connected, sent];
      }),
  ];
}

function familiesOf(ip: string | null): readonly ('4' | '6')[] {
  // As the kernel delivers it, an IPv4 address within IPv6 is IPv4.
  if (ip === null) return ['4', '6'];
  return [ip.includes(':') && parseAddress(ip)?.family !== 4 ? '6' : '4'];
}

function socketOf(family: '4' | '6', protocol: 'tcp' | 'udp'): Record<string, Field> {
  return { 'fd.l4proto': protocol, 'fd.typechar': family, 'fd.type': `ipv${family}` };
}

export function listening(observation: ObservationOf<'listen'>): Happenings {
  const { protocol, ip, port } = observation;
  if (protocol !== 'tcp' && protocol !== 'udp') return [];
  const server = { 'fd.sport': port, 'fd.sip': ip, 'fd.is_server': true };
  const fields = familiesOf(ip).map((family) => ({ ...own(observation), ...socketOf(family, protocol), ...server }));
  const bound = fields.map((each) => event(['bind'], each, ['fs']));
  return protocol === 'tcp' ? [bound, fields.map((each) => event(['listen'], each, ['fs']))] : [bound];
}

/**
 * What the call said: done, or begun without waiting. One that was refused at once has no address, and whether a failed one
 * was is not recorded: it is judged as one that failed later.
 */
const endings: readonly Record<string, Field>[] = [
  { 'evt.rawres': 0, 'evt.res': 'SUCCESS', 'evt.failed': false },
  { 'evt.rawres': -115, 'evt.res': 'EINPROGRESS', 'evt.failed': true },
];
