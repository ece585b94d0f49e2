/**
 * Records one command, process tree or cgroup of this machine from the kernel, and gives the lines of
 * a recording. The only entry of the agent that the command line uses.
 */
import { readFileSync } from 'node:fs';
import { arch as machine, release } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Container, Coverage, Line } from '#observation/recording.ts';
import { recordingVersion } from '#observation/recording.ts';
import { cgroupLayout, unifiedMount } from './cgroups.ts';
import { Scope } from './scope.ts';
import { attachAll, type SensorState } from './sensors/attach.ts';
import type { AttachedSensor } from './sensors/sensor.ts';
import { everything } from './sensors/sift.ts';
import { type Exit, openTarget, type OpenTarget, type Target } from './target.ts';

export type { SensorState } from './sensors/attach.ts';
export type { Exit, Target } from './target.ts';

export interface RecordOptions {
  readonly target: Target;
  /** The workload's name in the recording. */
  readonly name: string;
  /** Program and version, for the recording's first line. */
  readonly by: string;
  /** Ends the recording, and a command that was started by it. */
  readonly signal: AbortSignal;
  readonly durationMs?: number;
  /** Called once: all sensors are attached, the command has not started. */
  onReady?(sensors: readonly SensorState[]): void;
  onSecond?(elapsedMs: number): void;
}

export interface Recorded {
  readonly lines: readonly Line[];
  /** How the command ended; null for what ran before we came. */
  readonly exit: Exit | null;
  /** Why recording ended. */
  readonly because: 'target ended' | 'duration' | 'interrupted';
}

/** This kernel, or our rights on it, allow no recording at all. */
export class CannotRecord extends Error {
  override readonly name = 'CannotRecord';
}

const drainEveryMs = 100;

export async function record(options: RecordOptions): Promise<Recorded> {
  const started = Date.now();
  const target = openTarget(options.target, options.name);
  let scope: Scope | null = null;
  try {
    scope = openScope(target);
    const container: Container = {
      type: 'container',
      id: `${bootId()}-${started}-${process.pid}`,
      workload: options.name,
      name: options.name,
      started,
      ...(options.target.type === 'command' ? { command: [...options.target.argv] } : {}),
      fromStart: !target.running,
    };
    const subject = scope.addSubject(container.id, {
      host: options.target.type !== 'cgroup',
      started: target.running,
      usage: target.usage,
    });
    const { attached, states } = attachAll(scope);
    if (attached.length === 0)
      throw new CannotRecord(`cannot record on this machine: ${states[0]?.hook ?? 'no sensor'}`);
    target.watch(scope, subject);
    const from = Date.now();
    // `programs` is first: it says which processes there are.
    for (const sensor of attached) {
      sensor.catchUp?.();
      sensor.drain();
    }
    options.onReady?.(states);
    target.start();
    const because = await watchUntilEnd(options, target, scope, attached);
    // What the command does while it is being ended belongs to it: it is still watched here.
    await target.close();
    for (const sensor of attached) sensor.close();
    const ended = Date.now();
    const body: Line[] = [
      {
        type: 'recording',
        version: recordingVersion,
        by: options.by,
        started,
        node: { arch: machine() === 'arm64' ? 'aarch64' : 'x86_64', kernel: release(), cgroups: cgroupLayout() },
      },
      container,
      ...attached.flatMap((sensor) => sensor.collect(everything)),
      ...states.map((state): Coverage => {
        const sensor = attached.find((each) => each.sensor === state.sensor);
        const { hook } = state;
        const common = {
          type: 'coverage',
          container: container.id,
          sensor: state.sensor,
          hook,
          from,
          to: ended,
        } as const;
        return sensor === undefined
          ? { ...common, state: 'unavailable', lost: 0, gaps: [] }
          : { ...common, state: 'ran', lost: sensor.lost(), gaps: sensor.gaps() };
      }),
    ];
    return { lines: [...body, { type: 'end', ended, lines: body.length }], exit: target.exit(), because };
  } finally {
    await target.close();
    scope?.close();
  }
}

/** Why this machine allows no recording, found by loading the smallest object; null when it does. */
export function probe(): string | null {
  try {
    new Scope({ cgroupFolder: unifiedMount(), by: 'cgroup' }).close();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

async function watchUntilEnd(
  options: RecordOptions,
  target: OpenTarget,
  scope: Scope,
  attached: readonly AttachedSensor[],
): Promise<Recorded['because']> {
  const began = performance.now();
  let second = 0;
  for (;;) {
    await sleep(drainEveryMs);
    for (const sensor of attached) sensor.drain();
    const elapsed = performance.now() - began;
    if (elapsed / 1000 >= second + 1) {
      second = Math.floor(elapsed / 1000);
      // Repeats are seen again once a second: that is what a system call's count means.
      scope.moveOn();
      options.onSecond?.(elapsed);
    }
    if (target.ended()) return 'target ended';
    if (options.signal.aborted) return 'interrupted';
    if (options.durationMs !== undefined && elapsed >= options.durationMs) return 'duration';
  }
}

function openScope(target: OpenTarget): Scope {
  try {
    return new Scope({ cgroupFolder: target.cgroupFolder, by: target.by });
  } catch (error) {
    throw new CannotRecord(`cannot record on this machine: ${(error as Error).message}`, { cause: error });
  }
}

/** Part of a container's id: processes and times repeat after a reboot. */
function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
}
