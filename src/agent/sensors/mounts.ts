/** Mounts that were made (bpf/mounts.h): a part of the operations sensor. */
import type { ObservationOf } from '#observation/observation.ts';
import { decodeText } from '#observation/text.ts';
import * as kernel from '../layouts.gen.ts';
import type { BpfObject } from '../libbpf/object.ts';
import { Renewal } from './file-memory.ts';
import { attributeWords, mountFlagWords, typeDecides } from './operation-words.ts';
import { Payload, walkedPath } from './programs.ts';
import { joined, resolve } from './resolve.ts';
import type { SensorContext } from './sensor.ts';
import type { Sift } from './sift.ts';
import { Tally } from './tally.ts';

type Mount = ObservationOf<'mount'>;

/** Distinct facts that are kept; more are counted as lost. */
const maxMounts = 10_000;

export interface Mounts {
  drain(): boolean;
  collect(sift: Sift): Mount[];
  /** Of those that arrived here; the kernel's side counts its own. */
  lost(): number;
}

export function mountsOf(object: BpfObject, context: SensorContext): Mounts {
  const facts = new Tally<Omit<Mount, 'seen' | 'program' | 'container'> & { program: string }>(maxMounts);
  const renewal = new Renewal(context, object.map('mounts'));
  let cut = 0;

  function take(sample: DataView): void {
    const event = kernel.readMountEvent(sample, 0);
    if (context.gone(event.subject)) return;
    const text = new Payload(sample, kernel.HEADER_BYTES);
    const [source = '', given = '', fstype = ''] = [event.sourceBytes, event.targetBytes, event.typeBytes].map(
      (bytes) => decodeText(text.take(bytes).subarray(0, -1)),
    );
    const folder = walkedPath(text.take(event.pathBytes), event.pathFlags);
    const byHandle = event.byHandle === 1;
    const root = (): string | null => context.rootOf(event.subject, event.pid);
    const target = byHandle ? folder : located(root, folder, given);
    // A cut folder leads somewhere else; a target that begins at the root needs none.
    if (event.pathFlags !== 0 && !target.startsWith('/')) {
      cut += 1;
      return;
    }
    const flags = byHandle ? attributeWords(event.flags) : mountFlagWords(event.flags);
    const fromPath = !byHandle && !flags.includes('remount') && (flags.includes('bind') || flags.includes('move'));
    facts.add(
      event.subject,
      {
        type: 'mount',
        phase: context.phase(event.phase),
        program: String(event.program),
        source: fromPath ? located(root, folder, source) : source,
        target,
        fstype: byHandle || typeDecides(flags) ? fstype : '',
        flags,
      },
      context.time(event.time),
    );
  }

  const ring = object.ring('mount_events', take);
  return {
    drain: () => ring.drain(),
    collect(sift) {
      ring.drain();
      if (!context.keeps) renewal.renewOldest();
      return facts.take(context, sift, (fact, subject) => ({
        ...fact,
        program: context.programOf(subject, BigInt(fact.program)),
      }));
    },
    lost: () => facts.lost + cut,
  };
}

/** With every link on the way followed, or without. Where a process ends while its root is looked into, another's is. */
function located(rootOf: () => string | null, folder: string, given: string): string {
  const literal = joined(folder, given);
  if (!literal.startsWith('/')) return literal;
  for (let tries = 0; tries < 2; tries += 1) {
    const root = rootOf();
    const found = root === null ? null : resolve(root, folder, given, true);
    if (found !== null) return found;
  }
  return literal;
}
