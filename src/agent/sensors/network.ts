/** Flows in both directions and listening sockets (bpf/network.bpf.c, bpf/packets.bpf.c). */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import ipaddr from 'ipaddr.js';
import type { ObservationOf } from '#observation/observation.ts';
import {
  FLOW_EGRESS,
  FLOW_ESTABLISHED,
  FLOW_FAILED,
  type FlowKey,
  peerInFlowKey,
  readFlowKey,
  readSighting,
} from '../layouts.gen.ts';
import type { BpfMap } from '../libbpf/map.ts';
import { addressText, protocolName } from './address.ts';
import type { AttachedSensor, SensorContext, SensorKind } from './sensor.ts';
import { sighting } from './syscalls.ts';

export const network: SensorKind = { sensor: 'network', attach };

type Flow = ObservationOf<'flow'>;
type Listen = ObservationOf<'listen'>;
interface Found {
  readonly key: FlowKey;
  readonly ip: string;
  readonly protocol: Flow['protocol'];
  readonly common: Pick<Flow, 'container' | 'phase' | 'program' | 'seen'>;
}

function attach(context: SensorContext): AttachedSensor {
  const sockets = context.open('network').load();
  const packets = context
    .open('packets')
    .share('flows', sockets.map('flows'))
    .share('owners', sockets.map('owners'))
    .share('callers', sockets.map('callers'))
    .load();
  const flows = sockets.map('flows');
  const listeners = sockets.map('listeners');
  for (const object of [packets, sockets]) {
    for (const [program, section] of object.programs()) {
      if (section.startsWith('cgroup')) object.attachToCgroup(program, context.cgroupFolder);
      else object.attach(program);
    }
  }
  const older: Listen[] = [];
  return {
    sensor: 'network',
    hook: [...sockets.programs().values(), ...packets.programs().values()].join(', '),
    catchUp() {
      for (const { container, pid } of context.processes()) older.push(...openListeners(pid, container));
    },
    drain: () => undefined,
    collect: () => [
      ...older,
      ...entries(context, listeners).map(
        ({ key, ip, protocol, common }): Listen => ({ type: 'listen', ...common, protocol, ip, port: key.port }),
      ),
      ...settled(entries(context, flows)).map(
        ({ key, ip, protocol, common }): Flow => ({
          type: 'flow',
          ...common,
          direction: key.direction === FLOW_EGRESS ? 'egress' : 'ingress',
          protocol,
          port: protocol === 'icmp' || protocol === 'icmpv6' ? null : key.port,
          peer: { type: 'address', ip },
          outcome: outcomeOf(key),
        }),
      ),
    ],
    lost: () => Number(sockets.counts().lost + packets.counts().lost),
    gaps: () =>
      context.wholeCgroup
        ? []
        : ['who calls sockets that are older than the recording is not seen when a process is followed'],
    close() {
      sockets.detach();
      packets.detach();
    },
  };
}

function outcomeOf({ outcome }: FlowKey): Flow['outcome'] {
  return outcome === FLOW_ESTABLISHED ? 'established' : outcome === FLOW_FAILED ? 'failed' : 'attempted';
}

/** Every connect is first an attempt: one whose outcome is known is told by that alone. */
function settled(found: readonly Found[]): Found[] {
  const identity = ({ key, ip, protocol, common }: Found): string =>
    JSON.stringify([common.container, common.phase, common.program, key.direction, protocol, ip, key.port]);
  const known = new Set(found.filter(({ key }) => outcomeOf(key) !== 'attempted').map(identity));
  return found.filter((each) => outcomeOf(each.key) !== 'attempted' || !known.has(identity(each)));
}

function entries(context: SensorContext, map: BpfMap): Found[] {
  return [...map.entries()].flatMap((entry): Found[] => {
    const key = readFlowKey(entry.key, 0);
    const container = context.containerOf(key.subject);
    const protocol = protocolName(key.protocol);
    if (container === null || protocol === null) return [];
    const common = {
      container,
      phase: context.phase(key.phase),
      program: context.programOf(key.program),
      seen: sighting(context, readSighting(entry.value, 0)),
    };
    return [{ key, ip: addressText(entry.key, peerInFlowKey), protocol, common }];
  });
}

const listening = '0A';

/** Sockets that a process had open before we came: its file descriptors say which of its network's are its own. */
function openListeners(pid: number, container: string): Listen[] {
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
      return rows.flatMap((row): Listen[] => {
        const fields = row.trim().split(/\s+/);
        const [address = '', port = '0'] = (fields[1] ?? '').split(':');
        const server =
          protocol === 'tcp' ? fields[3] === listening : fields[2]?.endsWith(':0000') === true && port !== '0000';
        if (!server || !inodes.has(fields[9] ?? '')) return [];
        const seen = { first: at, last: at, count: 1 };
        return [
          {
            type: 'listen',
            container,
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
