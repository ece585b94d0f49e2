/** Flows in both directions and listening sockets (bpf/network.bpf.c, bpf/packets.bpf.c). */
import type { ObservationOf } from '#observation/observation.ts';
import { peerInFlowKey, readFlowKey, readSighting } from '../layouts.gen.ts';
import { addressText, protocolName } from './address.ts';
import { Flows } from './flows.ts';
import { type OpenListener, openListeners } from './listeners.ts';
import type { AttachedSensor, SensorContext, SensorKind } from './sensor.ts';
import { wantedEntries } from './sift.ts';
import { sighting } from './syscalls.ts';

export const network: SensorKind = { sensor: 'network', attach };

type Listen = ObservationOf<'listen'>;

function attach(context: SensorContext): AttachedSensor {
  const sockets = context.open('network').load();
  const packets = context
    .open('packets')
    .share('flows', sockets.map('flows'))
    .share('owners', sockets.map('owners'))
    .share('callers', sockets.map('callers'))
    .share('translations', sockets.map('translations'))
    .load();
  const listeners = sockets.map('listeners');
  for (const object of [packets, sockets]) {
    for (const [program, section] of object.programs()) {
      if (section.startsWith('cgroup')) object.attachToCgroup(program, context.cgroupFolder);
      else object.attach(program);
    }
  }
  const flows = new Flows(context, sockets.map('flows'), sockets.map('translations'));
  const older: { subject: number; listener: OpenListener }[] = [];
  return {
    sensor: 'network',
    hook: [...sockets.programs().values(), ...packets.programs().values()].join(', '),
    catchUp() {
      for (const { subject, pid } of context.processes())
        older.push(...openListeners(pid).map((listener) => ({ subject, listener })));
    },
    drain: () => false,
    collect(sift) {
      const found: Listen[] = [];
      for (const { subject, listener } of older) {
        const container = context.containerOf(subject);
        const key = `older ${listener.protocol} ${listener.ip} ${listener.port}`;
        if (container !== null && sift.wants(subject, key, listener.seen.last)) found.push({ ...listener, container });
      }
      const subjectOf = (key: DataView): number => readFlowKey(key, 0).subject;
      for (const { container, subject, key: bytes, value } of wantedEntries(context, listeners, sift, subjectOf)) {
        const key = readFlowKey(bytes, 0);
        const protocol = protocolName(key.protocol);
        if (protocol === null) continue;
        found.push({
          type: 'listen',
          container,
          phase: context.phase(key.phase),
          program: context.programOf(subject, key.program),
          seen: sighting(context, readSighting(value, 0)),
          protocol,
          ip: addressText(bytes, peerInFlowKey),
          port: key.port,
        });
      }
      return [...found, ...flows.collect(sift)];
    },
    lost: () => Number(sockets.counts().lost + packets.counts().lost),
    gaps: () =>
      context.wholeCgroup
        ? []
        : ['who calls sockets that are older than the recording is not seen when a process is followed'],
    maps: () => [sockets.map('flows'), listeners],
    close() {
      sockets.detach();
      packets.detach();
    },
  };
}
