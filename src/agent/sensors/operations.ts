/** Sockets made, signals, tracing, limits and mounts (bpf/operations.bpf.c). */
import type { Observation, ObservationOf } from '#observation/observation.ts';
import * as kernel from '../layouts.gen.ts';
import { mountsOf } from './mounts.ts';
import { familyName, limit, resourceName, socketKind } from './operation-words.ts';
import type { AttachedSensor, SensorContext, SensorKind } from './sensor.ts';
import { wantedEntries, type WantedEntry } from './sift.ts';
import { sighting } from './syscalls.ts';

export const operations: SensorKind = { sensor: 'operations', attach };

/** What is seen only as having been done. */
const unseen: Readonly<Record<number, string>> = {
  [kernel.UNSEEN_RING]: 'io_uring was used: sockets made through it are not seen',
  [kernel.UNSEEN_MOUNTS]: 'mounts were cloned, moved or changed by handles (open_tree, move_mount): they are not seen',
  [kernel.UNSEEN_PROBE]: 'signal 0 was sent, and to whom could not be told',
};

function attach(context: SensorContext): AttachedSensor {
  const object = context.open('operations').load();
  const map = object.map('operations');
  const mounts = mountsOf(object, context);
  const found = new Set<string>();
  let unheld = 0;
  for (const name of object.programs().keys()) object.attach(name);

  function* observed(entry: WantedEntry): Generator<Observation> {
    const key = kernel.readOperationKey(entry.key, 0);
    const common = {
      container: entry.container,
      phase: context.phase(key.phase),
      program: context.programOf(entry.subject, key.program),
      seen: sighting(context, kernel.readSighting(entry.value, 0)),
    };
    if (key.operation === kernel.OPERATION_SOCKET) {
      const { detail, kind, protocol } = key;
      yield { type: 'socket', ...common, family: familyName(detail), kind: socketKind(kind), protocol };
    } else if (key.operation === kernel.OPERATION_SIGNAL) {
      const direction = key.received === 1 ? 'receive' : 'send';
      yield { type: 'signal', ...common, direction, signal: key.detail, other: otherOf(context, key) };
    } else if (key.operation === kernel.OPERATION_PTRACE) {
      const direction = key.received === 1 ? 'traced' : 'trace';
      const access = key.detail === kernel.PTRACE_READS ? 'read' : 'attach';
      yield { type: 'ptrace', ...common, direction, access, other: otherOf(context, key) };
    } else if (key.operation === kernel.OPERATION_LIMIT) {
      const [soft, hard] = [limit(key.soft), limit(key.hard)];
      if (soft === undefined || hard === undefined) unheld += 1;
      else yield { type: 'rlimit', ...common, resource: resourceName(key.detail), soft, hard };
    } else {
      const what = unseen[key.detail];
      // Both come from this process and this kernel object; another value is a bug, not an input.
      if (what === undefined) throw new Error(`an operation of an unknown kind ${key.operation}, ${key.detail}`);
      // What the runtime does unconfined, and people by exec, no policy is made from.
      if (key.phase !== kernel.PHASE_SETUP && key.phase !== kernel.PHASE_SESSION) found.add(what);
    }
  }

  return {
    sensor: 'operations',
    hook: [...object.programs().values()].join(', '),
    drain: () => mounts.drain(),
    collect(sift) {
      const subjectOf = (key: DataView): number => kernel.readOperationKey(key, 0).subject;
      const noted = [...wantedEntries(context, map, sift, subjectOf)].flatMap((entry) => [...observed(entry)]);
      return [...noted, ...mounts.collect(sift)];
    },
    lost: () => Number(object.counts().lost) + mounts.lost() + unheld,
    gaps() {
      const { foreign } = object.counts();
      const always = 'what programs read of others through /proc is not seen as tracing';
      const compat = '32-bit programs ran: the sockets, signals, mounts and limits that they asked for are not seen';
      return [always, ...found, ...(foreign > 0n ? [compat] : [])].toSorted();
    },
    maps: () => [map],
    close() {
      mounts.drain();
      object.detach();
    },
  };
}

type Other = ObservationOf<'signal'>['other'];

function otherOf(context: SensorContext, key: kernel.OperationKey): Other {
  if (key.party === kernel.PARTY_SELF) return { type: 'self' };
  if (key.party === kernel.PARTY_OUTSIDE) return { type: 'outside' };
  return { type: 'container', program: context.programOf(key.subject, key.other) };
}
