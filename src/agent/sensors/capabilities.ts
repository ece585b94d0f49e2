/** Capabilities that were used or refused (bpf/capabilities.bpf.c), without the kernel's own probing. */
import { arch as machine } from 'node:os';
import { capabilityName } from '#observation/capabilities.ts';
import type { ObservationOf } from '#observation/observation.ts';
import { syscallName } from '#observation/syscalls.ts';
import type { BpfObject } from '../libbpf/object.ts';
import { kernelFunctions } from '../kernel-symbols.ts';
import {
  ABI_NATIVE,
  readCapabilityKey,
  readSighting,
  seenInCapabilityUse,
  sizeOfCapabilityUse,
  stackInCapabilityUse,
} from '../layouts.gen.ts';
import type { AttachedSensor, SensorContext, SensorKind } from './sensor.ts';
import { wantedEntries } from './sift.ts';
import { sighting } from './syscalls.ts';

export const capabilities: SensorKind = { sensor: 'capabilities', attach };

type Capability = ObservationOf<'capability'>;

/** A check that asks without meaning to use: for the memory reserve, or without leaving an audit record. */
const probing = /^(security_vm_enough_memory|cap_vm_enough_memory|__vm_enough_memory)|_noaudit$/;

function attach(context: SensorContext): AttachedSensor {
  const { object, program } = openAny(context);
  const map = object.map('capabilities');
  let hidden = false;
  return {
    sensor: 'capabilities',
    hook: object.programs().get(program) ?? program,
    drain: () => false,
    collect(sift) {
      const subjectOf = (key: DataView): number => readCapabilityKey(key, 0).subject;
      const uses = [...wantedEntries(context, map, sift, subjectOf)].map(({ container, key, value }) => ({
        container,
        key: readCapabilityKey(key, 0),
        seen: readSighting(value, seenInCapabilityUse),
        stack: stackOf(value),
      }));
      const functions =
        uses.length === 0 ? new Map<bigint, string | null>() : kernelFunctions(uses.flatMap(({ stack }) => stack));
      return uses.flatMap(({ container, key, seen, stack }): Capability[] => {
        const frames = stack.map((address) => functions.get(address) ?? null);
        const filtered = frames.some((name) => name !== null);
        hidden ||= !filtered;
        if (frames.some((name) => name !== null && probing.test(name))) return [];
        const arch = machine() === 'arm64' ? 'aarch64' : 'x86_64';
        return [
          {
            type: 'capability',
            container,
            phase: context.phase(key.phase),
            program: context.programOf(key.subject, key.program),
            name: capabilityName(key.capability),
            granted: key.granted === 1,
            syscall: key.abi === ABI_NATIVE && key.nr >= 0 ? (syscallName(arch, key.nr) ?? String(key.nr)) : null,
            filtered,
            seen: sighting(context, seen),
          },
        ];
      });
    },
    lost: () => Number(object.counts().lost),
    gaps: () => (hidden ? ['kernel symbols are hidden (CAP_SYSLOG): probing checks are among the capabilities'] : []),
    maps: () => [map],
    close: () => object.detach(),
  };
}

const programs = ['record_capability', 'record_capability_return'] as const;

/** The first of the two ways that this kernel takes. */
function openAny(context: SensorContext): { object: BpfObject; program: string } {
  const refusals: string[] = [];
  for (const program of programs) {
    const object = context.open('capabilities');
    for (const other of programs) if (other !== program) object.without(other);
    try {
      return { object: object.load().attach(program), program };
    } catch (error) {
      refusals.push((error as Error).message);
      object.close();
    }
  }
  throw new Error(refusals.join('; '));
}

/** Addresses, innermost first; the kernel leaves the rest zero. */
function stackOf(value: DataView): bigint[] {
  const depth = (sizeOfCapabilityUse - stackInCapabilityUse) / 8;
  return Array.from({ length: depth }, (_, i) => value.getBigUint64(stackInCapabilityUse + i * 8, true)).filter(
    (address) => address !== 0n,
  );
}
