/**
 * Who is watched, and what sensors share: the maps of bpf/scope.h, the names of programs and the
 * clocks. One scope holds many subjects; a subject is one container or one recorded command.
 */
import { existsSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { arch as machine } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Phase } from '#observation/observation.ts';
import type { UsageFolders } from './cgroups.ts';
import {
  PHASE_PROGRAM,
  PHASE_RUNTIME,
  PHASE_SETUP,
  readControl,
  readSubject,
  sizeOfControl,
  sizeOfSubject,
  writeControl,
  writeSubject,
} from './layouts.gen.ts';
import type { BpfMap } from './libbpf/map.ts';
import { BpfObject } from './libbpf/object.ts';
import type { SensorContext } from './sensors/sensor.ts';

const objects = fileURLToPath(
  new URL(`../../build/bpf/${machine() === 'arm64' ? 'aarch64' : 'x86_64'}`, import.meta.url),
);
const phases: Readonly<Record<number, Phase>> = {
  [PHASE_SETUP]: 'setup',
  [PHASE_RUNTIME]: 'runtime',
  [PHASE_PROGRAM]: 'program',
};

interface Subject {
  readonly container: string;
  readonly host: boolean;
  readonly usage: UsageFolders | null;
  readonly pids: Set<number>;
}

export class Scope implements SensorContext {
  readonly cgroupFolder: string;
  readonly wholeCgroup: boolean;
  readonly #shared: BpfObject;
  readonly #opened: BpfObject[] = [];
  readonly #watched: BpfMap;
  readonly #subjectMap: BpfMap;
  readonly #control: BpfMap;
  /** Number 0 means nobody, in the kernel too. */
  readonly #subjects: (Subject | null)[] = [null];
  readonly #programs = new Map<bigint, string>();
  readonly #monotonicZero = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();

  /** `by` says what `watch` will be called with: cgroup ids, or process ids whose children follow. */
  constructor(cgroupFolder: string, by: 'cgroup' | 'process') {
    this.cgroupFolder = cgroupFolder;
    this.wholeCgroup = by === 'cgroup';
    this.#shared = new BpfObject(`${objects}/scope.bpf.o`, 'scope').load();
    this.#watched = this.#shared.map('watched');
    this.#subjectMap = this.#shared.map('subjects');
    this.#control = this.#shared.map('control');
    this.#writeControl({ epoch: 1, byProcess: by === 'process' ? 1 : 0 });
  }

  /** Whether the BPF objects were built. */
  static async built(): Promise<boolean> {
    return access(`${objects}/scope.bpf.o`).then(
      () => true,
      () => false,
    );
  }

  /**
   * Makes room for a container's facts. `host`: a command on this host, whose program begins with its
   * first exec; `started`: its program runs already. Nothing is watched yet.
   */
  addSubject(container: string, state: { host: boolean; started: boolean; usage: UsageFolders | null }): number {
    const number = this.#subjects.length;
    if (number >= this.#subjectMap.maxEntries) throw new Error(`more than ${number - 1} containers at once`);
    this.#subjects.push({ container, host: state.host, usage: state.usage, pids: new Set() });
    const value = new DataView(new ArrayBuffer(sizeOfSubject));
    writeSubject(value, 0, { host: state.host ? 1 : 0, started: state.started ? 1 : 0 });
    this.#subjectMap.update(key32(number), new Uint8Array(value.buffer));
    return number;
  }

  /** From now on what happens in this cgroup (or process and its children) belongs to the subject. */
  watch(id: bigint, subject: number): void {
    this.#watched.update(key64(id), key32(subject));
    this.moveOn();
  }

  /** Whether the subject's own program has begun. */
  started(subject: number): boolean {
    const value = this.#subjectMap.lookup(key32(subject));
    return value !== null && readSubject(new DataView(value.buffer), 0).started === 1;
  }

  open(name: string): BpfObject {
    const object = new BpfObject(`${objects}/${name}.bpf.o`, name);
    this.#opened.push(object);
    return object.share('watched', this.#watched).share('subjects', this.#subjectMap).share('control', this.#control);
  }

  containerOf(subject: number): string | null {
    return this.#subjects[subject]?.container ?? null;
  }

  processes(): { container: string; pid: number }[] {
    return this.#subjects.flatMap((each) =>
      each === null ? [] : [...each.pids].map((pid) => ({ container: each.container, pid })),
    );
  }

  usageFolders(): { container: string; folders: UsageFolders }[] {
    return this.#subjects.flatMap((each) =>
      each === null || each.usage === null ? [] : [{ container: each.container, folders: each.usage }],
    );
  }

  programOf(program: bigint): string | null {
    return this.#programs.get(program) ?? null;
  }

  nameProgram(program: bigint, path: string): void {
    this.#programs.set(program, path);
  }

  /** The programs sensor tells which processes live. */
  noteProcess(subject: number, pid: number, alive: boolean): void {
    const pids = this.#subjects[subject]?.pids;
    if (alive) pids?.add(pid);
    else pids?.delete(pid);
  }

  rootOf(subject: number, pid: number): string | null {
    const known = this.#subjects[subject];
    for (const each of [pid, ...[...(known?.pids ?? [])].toReversed()]) {
      const root = `/proc/${each}/root`;
      // The link itself is there for a zombie too; what it leads to is not.
      if (existsSync(`${root}/.`)) return root;
    }
    return known?.host === true ? '' : null;
  }

  time(monotonic: bigint): number {
    return Number((monotonic + this.#monotonicZero) / 1_000_000n);
  }

  phase(number: number): Phase {
    const phase = phases[number];
    if (phase === undefined) throw new Error(`the kernel gave an unknown phase ${number}`);
    return phase;
  }

  moveOn(): void {
    const value = this.#control.lookup(key32(0));
    if (value === null) throw new Error('the BPF map control is gone');
    const control = readControl(new DataView(value.buffer), 0);
    // The kernel counts up too. A lost rise of ours or its own is as good as one: both mean "look again".
    this.#writeControl({ ...control, epoch: (control.epoch + 1) >>> 0 });
  }

  close(): void {
    for (const object of this.#opened) object.close();
    this.#shared.close();
  }

  #writeControl(control: { epoch: number; byProcess: number }): void {
    const value = new DataView(new ArrayBuffer(sizeOfControl));
    writeControl(value, 0, control);
    this.#control.update(key32(0), new Uint8Array(value.buffer));
  }
}

function key32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

function key64(value: bigint): Uint8Array {
  return new Uint8Array(BigUint64Array.of(value).buffer);
}
