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
  PHASE_SESSION,
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
import { outside, type PeerResolver } from './peers/resolver.ts';
import type { SensorContext } from './sensors/sensor.ts';
import { type Subject, Subjects } from './subjects.ts';

const objects = fileURLToPath(
  new URL(`../../build/bpf/${machine() === 'arm64' ? 'aarch64' : 'x86_64'}`, import.meta.url),
);
const phases: Readonly<Record<number, Phase>> = {
  [PHASE_SETUP]: 'setup',
  [PHASE_RUNTIME]: 'runtime',
  [PHASE_PROGRAM]: 'program',
  [PHASE_SESSION]: 'session',
};

export interface ScopeOptions {
  /** Where network programs attach. */
  readonly cgroupFolder: string;
  /** What `watch` will be called with: cgroup ids, or process ids whose children follow. */
  readonly by: 'cgroup' | 'process';
  /** See SensorContext. By default facts are kept, and every other end is an address. */
  readonly keeps?: boolean;
  readonly peers?: PeerResolver;
  readonly usageEveryMs?: number;
  /** Entries of maps and bytes of rings, by name, where the sources' own are not wanted. */
  readonly sizes?: Readonly<Record<string, number>>;
}

export class Scope implements SensorContext {
  readonly cgroupFolder: string;
  readonly wholeCgroup: boolean;
  readonly keeps: boolean;
  readonly peers: PeerResolver;
  readonly usageEveryMs: number;
  readonly subjects: Subjects;
  readonly #sizes: Readonly<Record<string, number>>;
  readonly #shared: BpfObject;
  readonly #opened: BpfObject[] = [];
  readonly #watched: BpfMap;
  readonly #subjectMap: BpfMap;
  readonly #outsiders: BpfMap;
  readonly #control: BpfMap;
  readonly #monotonicZero = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();

  constructor(options: ScopeOptions) {
    this.cgroupFolder = options.cgroupFolder;
    this.wholeCgroup = options.by === 'cgroup';
    this.keeps = options.keeps ?? true;
    this.peers = options.peers ?? outside;
    this.usageEveryMs = options.usageEveryMs ?? 1000;
    this.#sizes = options.sizes ?? {};
    this.#shared = new BpfObject(`${objects}/scope.bpf.o`, 'scope').load();
    this.#watched = this.#shared.map('watched');
    this.#subjectMap = this.#shared.map('subjects');
    this.#outsiders = this.#shared.map('outsiders');
    this.#control = this.#shared.map('control');
    this.subjects = new Subjects(this.#subjectMap.maxEntries);
    this.#writeControl({ epoch: 1, byProcess: options.by === 'process' ? 1 : 0 });
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
   * first exec; `started`: its program runs already; `apart`: who is put into it from outside is a session.
   * `container` null: it is named later. Nothing is watched yet.
   */
  addSubject(
    container: string | null,
    state: { host: boolean; started: boolean; usage: UsageFolders | null; apart?: boolean },
  ): number {
    const subject = this.subjects.take();
    if (subject === null) throw new Error(`more than ${this.subjects.used} containers at once`);
    Object.assign(subject, { container, host: state.host, usage: state.usage });
    const value = new DataView(new ArrayBuffer(sizeOfSubject));
    writeSubject(value, 0, {
      host: state.host ? 1 : 0,
      started: state.started ? 1 : 0,
      apart: state.apart === true ? 1 : 0,
      sessions: 0,
    });
    this.#subjectMap.update(this.#placeOf(subject.number), new Uint8Array(value.buffer));
    return subject.number;
  }

  /** From now on what happens in this cgroup (or process and its children) belongs to the subject. */
  watch(id: bigint, subject: number): void {
    this.#watched.update(key64(id), key32(subject));
    this.moveOn();
  }

  /** As `watch`, unless the kernel was first: false then. */
  watchIfNew(id: bigint, subject: number): boolean {
    const added = this.#watched.add(key64(id), key32(subject));
    if (added) this.moveOn();
    return added;
  }

  unwatch(id: bigint): void {
    this.#watched.delete(key64(id));
    this.moveOn();
  }

  /** Gives a number back: facts that carry it mean nobody from now on, and are dropped when they are met. */
  release(subject: number): void {
    this.subjects.release(subject);
    this.moveOn();
  }

  /** Ends the watch of cgroups whose subject is gone: those that a container made within its own. */
  sweep(): void {
    for (const { key, value } of [...this.#watched.entries()]) {
      if (this.gone(value.getUint32(0, true))) this.#watched.delete(bytesOf(key));
    }
  }

  /** A process of a session that began before we came. */
  noteOutsider(subject: number, pid: number): boolean {
    const place = this.#placeOf(subject);
    const value = this.#subjectMap.lookup(place);
    if (value === null || !this.#outsiders.add(key32(pid), key32(subject))) return false;
    const view = new DataView(value.buffer);
    writeSubject(view, 0, { ...readSubject(view, 0), sessions: 1 });
    this.#subjectMap.update(place, value);
    return true;
  }

  forgetOutsider(pid: number): void {
    this.#outsiders.delete(key32(pid));
  }

  /** Whether the subject's own program has begun. */
  started(subject: number): boolean {
    const value = this.#subjectMap.lookup(this.#placeOf(subject));
    return value !== null && readSubject(new DataView(value.buffer), 0).started === 1;
  }

  open(name: string): BpfObject {
    const object = new BpfObject(`${objects}/${name}.bpf.o`, name);
    this.#opened.push(object);
    for (const [map, size] of Object.entries(this.#sizes)) if (object.has(map)) object.resize(map, size);
    for (const map of [this.#watched, this.#subjectMap, this.#outsiders, this.#control]) object.share(map.name, map);
    return object;
  }

  /** The maps that all sensors share, for metrics. */
  sharedMaps(): readonly BpfMap[] {
    return [this.#watched, this.#outsiders];
  }

  containerOf(subject: number): string | null {
    return this.subjects.of(subject)?.container ?? null;
  }

  gone(subject: number): boolean {
    return this.subjects.of(subject) === null;
  }

  processes(): { subject: number; pid: number }[] {
    return [...this.subjects].flatMap(({ number, pids }) => [...pids].map((pid) => ({ subject: number, pid })));
  }

  usageFolders(): { subject: number; folders: UsageFolders }[] {
    return [...this.subjects].flatMap(({ number, usage }) =>
      usage === null ? [] : [{ subject: number, folders: usage }],
    );
  }

  programOf(subject: number, program: bigint): string | null {
    return this.subjects.of(subject)?.programs.get(program) ?? null;
  }

  nameProgram(subject: number, program: bigint, path: string): void {
    this.subjects.of(subject)?.programs.set(program, path);
  }

  noteName(subject: number, name: string, address: string): void {
    this.subjects.of(subject)?.noteName(name, address);
  }

  namesOf(subject: number, address: string): readonly string[] {
    return [...(this.subjects.of(subject)?.names.get(address) ?? [])].toSorted();
  }

  /** The programs sensor tells which processes live. */
  noteProcess(subject: number, pid: number, alive: boolean): void {
    const pids = this.subjects.of(subject)?.pids;
    if (alive) pids?.add(pid);
    else pids?.delete(pid);
  }

  rootOf(subject: number, pid: number): string | null {
    const known: Subject | null = this.subjects.of(subject);
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

  /** A subject's key in the kernel's table. */
  #placeOf(subject: number): Uint8Array {
    return key32(subject % this.#subjectMap.maxEntries);
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

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
}
