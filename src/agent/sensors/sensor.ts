/**
 * A sensor: BPF programs on the kernel's side, and here what makes observations of their findings.
 * Sensors know nothing of each other. What they share stands in the context.
 */
import type { Observation, Phase } from '#observation/observation.ts';
import type { Sensor } from '#observation/recording.ts';
import type { UsageFolders } from '../cgroups.ts';
import type { BpfMap } from '../libbpf/map.ts';
import type { BpfObject } from '../libbpf/object.ts';
import type { PeerResolver } from '../peers/resolver.ts';
import type { Sift } from './sift.ts';

export interface SensorContext {
  /**
   * Opens `build/bpf/<arch>/<name>.bpf.o` and shares the maps `watched`, `subjects` and `control` with
   * the other sensors. The sensor loads and attaches it; the context closes it.
   */
  open(name: string): BpfObject;
  /** The container line's id of a subject number; null while nobody has named it, and when it is gone. */
  containerOf(subject: number): string | null;
  /** Whether the number was given back: facts that carry it are dropped. */
  gone(subject: number): boolean;
  /** True when facts are collected again and again as a whole; false when each piece of news is taken once. */
  readonly keeps: boolean;
  /** The executable's path of a program number; null when it is not known. Ask when facts are collected. */
  programOf(subject: number, program: bigint): string | null;
  /** The programs sensor tells here which path a program number has. */
  nameProgram(subject: number, program: bigint, path: string): void;
  /** The DNS sensor tells here which name led to an address. */
  noteName(subject: number, name: string, address: string): void;
  /** Sorted. */
  namesOf(subject: number, address: string): readonly string[];
  /** Who the other ends of flows are. */
  readonly peers: PeerResolver;
  /** Milliseconds since the epoch of a CLOCK_MONOTONIC time in nanoseconds. */
  time(monotonic: bigint): number;
  phase(number: number): Phase;
  /** Folder of the cgroup v2 below which everything that is watched lives: network programs attach here. */
  readonly cgroupFolder: string;
  /** False when only some processes of `cgroupFolder` are watched: packets do not tell which process they are for. */
  readonly wholeCgroup: boolean;
  /** Live processes of all subjects. */
  processes(): { readonly subject: number; readonly pid: number }[];
  /** Where each subject's CPU and memory stand; none where a process is followed and its cgroup holds others. */
  usageFolders(): { readonly subject: number; readonly folders: UsageFolders }[];
  readonly usageEveryMs: number;
  /** The programs sensor tells here which processes live. */
  noteProcess(subject: number, pid: number, alive: boolean): void;
  /**
   * A folder through which we see a subject's file system as it does: a live process's root. Null when all
   * have ended, but for a host's commands, whose root is ours.
   */
  rootOf(subject: number, pid: number): string | null;
  /** Ends sensors' caches of earlier decisions: call after `watched` or `subjects` changed. */
  moveOn(): void;
}

/** A sensor at work. */
export interface AttachedSensor {
  readonly sensor: Sensor;
  /** The hooks in use, as a reader of the coverage line sees them: `tp_btf/sys_enter, tp_btf/sys_exit`. */
  readonly hook: string;
  /** Called once after `watch`: takes in what ran, or was open, before we came. Absent where nothing can have been. */
  catchUp?(): void;
  /** Takes what lies in rings; gives whether there was something. Called often: keep it short. */
  drain(): boolean;
  /** The wanted facts of all subjects that have a name. */
  collect(sift: Sift): Observation[];
  /** Facts dropped after they were seen, over all subjects. */
  lost(): number;
  /** What this sensor cannot see here, in words; sorted. */
  gaps(): string[];
  /** Maps that can fill up. */
  maps(): readonly BpfMap[];
  /** Detaches from the kernel; `collect` still answers. */
  close(): void;
}

export interface SensorKind {
  readonly sensor: Sensor;
  /** Throws an Error that says what was refused and what to do, when this kernel or our rights do not allow it. */
  attach(context: SensorContext): AttachedSensor;
}
