/** Sockets that a process had open before we came, from /proc. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import ipaddr from 'ipaddr.js';
import type { ObservationOf } from '#observation/observation.ts';

/** One that is served: of which subject and container is the caller's to say. */
export type OpenListener = Omit<ObservationOf<'listen'>, 'container'>;

const listening = '0A';

/** Its file descriptors say which of its network's sockets are its own. */
export function openListeners(pid: number): OpenListener[] {
  const at = Date.now();
  try {
    const inodes = new Set(
      readdirSync(`/proc/${pid}/fd`).flatMap(
        (fd) => /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${fd}`))?.[1] ?? [],
      ),
    );
    const program = link(`/proc/${pid}/exe`) || null;
    return (['tcp', 'tcp6', 'udp', 'udp6'] as const).flatMap((table) => {
      const protocol = table.startsWith('tcp') ? 'tcp' : 'udp';
      const rows = readFileSync(`/proc/${pid}/net/${table}`, 'utf8').trimEnd().split('\n').slice(1);
      return rows.flatMap((row): OpenListener[] => {
        const fields = row.trim().split(/\s+/);
        const [address = '', port = '0'] = (fields[1] ?? '').split(':');
        const server =
          protocol === 'tcp' ? fields[3] === listening : fields[2]?.endsWith(':0000') === true && port !== '0000';
        if (!server || !inodes.has(fields[9] ?? '')) return [];
        const seen = { first: at, last: at, count: 1 };
        return [
          {
            type: 'listen',
            phase: 'program',
            program,
            seen,
            protocol,
            ip: procAddress(address),
            port: Number.parseInt(port, 16),
          },
        ];
      });
    });
  } catch {
    return []; // It ended while we looked.
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** /proc/net prints addresses as 32-bit words of the machine, which is little-endian. */
function procAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, 'hex')].toReversed());
  const address = ipaddr.fromByteArray(bytes);
  return address.kind() === 'ipv6' ? ipaddr.process(address.toString()).toString() : address.toString();
}
