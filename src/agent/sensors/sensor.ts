/**
 * A sensor: BPF programs on the kernel's side, and here what makes observations of their findings.
 * Sensors know nothing of each other. What they share stands in the context.
 */
import type { Observation, Phase } from '#observation/observation.ts';
import type { Sensor } from '#observation/recording.ts';
import type { UsageFolders } from '../cgroups.ts';
import type { BpfObject } from '../libbpf/object.ts';

export interface SensorContext {
  /**
   * Opens `build/bpf/<arch>/<name>.bpf.o` and shares the maps `watched`, `subjects` and `control` with
   * the other sensors. The sensor loads and attaches it; the context closes it.
   */
  open(name: string): BpfObject;
  /** The container line's id of a subject number; null for a number that was never given out. */
  containerOf(subject: number): string | null;
  /** The executable's path of a program number; null when it is not known. Ask when facts are collected. */
  programOf(program: bigint): string | null;
  /** The programs sensor tells here which path a program number has. */
  nameProgram(program: bigint, path: string): void;
  /** Milliseconds since the epoch of a CLOCK_MONOTONIC time in nanoseconds. */
  time(monotonic: bigint): number;
  phase(number: number): Phase;
  /** Folder of the cgroup v2 below which everything that is watched lives: network programs attach here. */
  readonly cgroupFolder: string;
  /** False when only some processes of `cgroupFolder` are watched: packets do not tell which process they are for. */
  readonly wholeCgroup: boolean;
  /** Live processes of all subjects. */
  processes(): { readonly container: string; readonly pid: number }[];
  /** Where each subject's CPU and memory stand; none where a process is followed and its cgroup holds others. */
  usageFolders(): { readonly container: string; readonly folders: UsageFolders }[];
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
  /** Takes what lies in rings. Called often: keep it short. */
  drain(): void;
  /** All facts so far; counts are cumulative, so collecting twice loses nothing. */
  collect(): Observation[];
  /** Facts dropped after they were seen, over all subjects. */
  lost(): number;
  /** What this sensor cannot see here, in words; sorted. */
  gaps(): string[];
  /** Detaches from the kernel; `collect` still answers. */
  close(): void;
}

export interface SensorKind {
  readonly sensor: Sensor;
  /** Throws an Error that says what was refused and what to do, when this kernel or our rights do not allow it. */
  attach(context: SensorContext): AttachedSensor;
}
