/** The system calls that were made, and those that a seccomp filter refused (bpf/syscalls.bpf.c). */
import { arch as machine } from 'node:os';
import type { Architecture, Observation, ObservationOf } from '#observation/observation.ts';
import { syscallName } from '#observation/syscalls.ts';
import {
  ABI_COMPAT,
  ABI_NATIVE,
  ABI_X32,
  readSighting,
  readSyscallKey,
  type Sighting as KernelSighting,
  type SyscallKey,
} from '../layouts.gen.ts';
import type { BpfMap } from '../libbpf/map.ts';
import type { AttachedSensor, SensorContext, SensorKind } from './sensor.ts';
import { type Sift, wantedEntries } from './sift.ts';

const arm = machine() === 'arm64';
const architectures: Readonly<Record<number, Architecture>> = {
  [ABI_NATIVE]: arm ? 'aarch64' : 'x86_64',
  [ABI_COMPAT]: arm ? 'arm' : 'x86',
  [ABI_X32]: 'x32',
};

export const syscalls: SensorKind = { sensor: 'syscalls', attach };

function attach(context: SensorContext): AttachedSensor {
  const object = context.open('syscalls').load();
  // Exits first: a call that enters before its exit is watched must not look refused.
  object.attach('record_denial').attach('record_kill').attach('record_syscall');
  const made = object.map('syscalls');
  const refused = object.map('denials');
  return {
    sensor: 'syscalls',
    hook: [...object.programs().values()].join(', '),
    drain: () => false,
    collect: (sift) => [
      ...observations(context, made, sift, (common) => ({ type: 'syscall', ...common })),
      ...observations(context, refused, sift, (common, key) => ({
        type: 'syscall-denied',
        ...common,
        outcome: key.outcome < 0 ? { signal: -key.outcome } : { errno: key.outcome },
      })),
    ],
    lost: () => Number(object.counts().lost),
    gaps() {
      const { uncertain } = object.counts();
      return uncertain > 0n ? [`${uncertain} failed calls of filtered tasks could not be told from refused ones`] : [];
    },
    maps: () => [made, refused],
    close: () => object.detach(),
  };
}

type Common = Omit<ObservationOf<'syscall'>, 'type'>;

function observations<O extends Observation>(
  context: SensorContext,
  map: BpfMap,
  sift: Sift,
  make: (common: Common, key: SyscallKey) => O,
): O[] {
  const found: O[] = [];
  const subjectOf = (key: DataView): number => readSyscallKey(key, 0).subject;
  for (const { container, subject, key: bytes, value } of wantedEntries(context, map, sift, subjectOf)) {
    const key = readSyscallKey(bytes, 0);
    const arch = architectures[key.abi];
    // Both come from this process and this kernel object; another value is a bug, not an input.
    if (arch === undefined) throw new Error(`a system call of an unknown ABI ${key.abi}`);
    found.push(
      make(
        {
          container,
          phase: context.phase(key.phase),
          program: context.programOf(subject, key.program),
          seen: sighting(context, readSighting(value, 0)),
          arch,
          nr: key.nr,
          name: syscallName(arch, key.nr),
        },
        key,
      ),
    );
  }
  return found;
}

/** A kernel sighting with wall clock times. */
export function sighting(context: SensorContext, seen: KernelSighting): Common['seen'] {
  return { first: context.time(seen.first), last: context.time(seen.last), count: Number(seen.count) };
}
