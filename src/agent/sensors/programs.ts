/** Programs that start and end (bpf/programs.bpf.c); it also names programs and live processes for the others. */
import { readFileSync } from 'node:fs';
import { decodeText } from '#observation/text.ts';
import type { ObservationOf } from '#observation/observation.ts';
import {
  EVENT_EXEC,
  EVENT_EXIT,
  EVENT_RUNNING,
  HEADER_BYTES,
  PATH_CUT,
  PATH_DETACHED,
  type ProgramEvent,
  readProgramEvent,
} from '../layouts.gen.ts';
import type { AttachedSensor, SensorContext, SensorKind } from './sensor.ts';
import { Tally } from './tally.ts';

/** Distinct starts that are kept apart; a shell loop with changing arguments would grow without end. */
const maxFacts = 50_000;
const maxArguments = 16;

type Exec = ObservationOf<'exec'>;
type Exit = ObservationOf<'exit'>;

export const programs: SensorKind = { sensor: 'programs', attach };

function attach(context: SensorContext): AttachedSensor {
  const object = context.open('programs').load();
  const starts = new Tally<Omit<Exec, 'seen' | 'container'>>(maxFacts);
  const ends = new Tally<Omit<Exit, 'seen' | 'container'>>(maxFacts);
  /** What waits until all programs that it names are known. */
  const later: (() => void)[] = [];

  function take(sample: DataView): void {
    const event = readProgramEvent(sample, 0);
    const { subject } = event;
    if (context.gone(subject)) return;
    const text = new Payload(sample, HEADER_BYTES);
    const at = context.time(event.time);
    if (event.type === EVENT_EXIT) {
      context.noteProcess(subject, event.pid, false);
      const outcome = exitOutcome(event.exitCode);
      const phase = context.phase(event.phase);
      later.push(() =>
        ends.add(subject, { type: 'exit', phase, program: context.programOf(subject, event.program), outcome }, at),
      );
      return;
    }
    if (event.type !== EVENT_EXEC && event.type !== EVENT_RUNNING) return;
    const path = walkedPath(text.take(event.pathBytes), event.pathFlags);
    context.nameProgram(subject, event.program, path);
    context.noteProcess(subject, event.pid, true);
    // The bytes are only valid during this call; the names of callers may come after it.
    const called = decodeText(text.take(event.calledBytes).subarray(0, -1));
    const argv = argumentsOf(event.type === EVENT_RUNNING ? commandLine(event.pid) : text.take(event.argvBytes), event);
    const phase = context.phase(event.phase);
    later.push(() =>
      starts.add(
        subject,
        {
          type: 'exec',
          phase,
          program: context.programOf(subject, event.caller),
          path,
          calledAs: event.calledBytes > 0 ? called : path,
          parent: context.programOf(subject, event.parent),
          ...argv,
          uid: event.uid,
          gid: event.gid,
        },
        at,
      ),
    );
  }

  const ring = object.ring('program_events', take);
  for (const name of ['record_exec', 'follow_fork', 'record_exit', 'follow_cgroup']) object.attach(name);
  const settle = (): void => {
    ring.drain();
    for (const add of later.splice(0)) add();
  };
  return {
    sensor: 'programs',
    hook: [...object.programs().values()].join(', '),
    catchUp: () => void object.iterate('list_running'),
    drain: () => ring.drain(),
    collect(sift) {
      settle();
      return [...starts.take(context, sift, (fact) => fact), ...ends.take(context, sift, (fact) => fact)];
    },
    lost: () => Number(object.counts().lost) + starts.lost + ends.lost,
    gaps: () => [],
    maps: () => [],
    close() {
      ring.drain();
      object.detach();
    },
  };
}

/** Reads one part of an event's payload after the other. */
export class Payload {
  readonly #view: DataView;
  #at: number;
  constructor(view: DataView, at: number) {
    this.#view = view;
    this.#at = at;
  }
  /** A view that is only valid during the callback. */
  take(bytes: number): Uint8Array {
    const part = new Uint8Array(this.#view.buffer, this.#view.byteOffset + this.#at, bytes);
    this.#at += bytes;
    return part;
  }
}

/** From names leaf to root, each closed by a zero byte, to a path. A detached one keeps no leading slash. */
export function walkedPath(names: Uint8Array, flags: number): string {
  const parts = decodeText(names.subarray(0, Math.max(names.length - 1, 0))).split('\0');
  if (names.length === 0) return '/';
  const path = parts.toReversed().join('/');
  return flags & (PATH_DETACHED | PATH_CUT) ? path : `/${path}`;
}

function argumentsOf(bytes: Uint8Array, event: ProgramEvent): { argv: string[]; argvCut: boolean } {
  const all =
    bytes.length === 0 ? [] : decodeText(bytes[bytes.length - 1] === 0 ? bytes.subarray(0, -1) : bytes).split('\0');
  return { argv: all.slice(0, maxArguments), argvCut: event.argvCut !== 0 || all.length > maxArguments };
}

/** Of a process that runs already; nothing when it has ended. */
function commandLine(pid: number): Uint8Array {
  try {
    return readFileSync(`/proc/${pid}/cmdline`).subarray(0, 1024);
  } catch {
    return new Uint8Array();
  }
}

/** As wait(2) packs it: the signal below, the exit code above. */
function exitOutcome(status: number): Exit['outcome'] {
  const signal = status & 0x7f;
  return signal > 0 ? { signal } : { code: (status >> 8) & 0xff };
}
