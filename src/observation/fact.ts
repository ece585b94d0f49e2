/** What every fact says besides what happened: whose it is, in which phase, by which program, when. */
import { z } from 'zod';

export const millisecondsSinceEpoch = z.int().nonnegative();

/** When a fact was seen, and at least how many times. Merges by min, max and max. */
export const sighting = z.strictObject({
  first: millisecondsSinceEpoch,
  last: millisecondsSinceEpoch,
  /** A lower bound: the kernel sorts repeats out before anyone counts them. */
  count: z.int().positive(),
});

/** The calling convention of a system call; one machine may run several (x86_64 also runs x86 and x32). */
export const architecture = z.enum(['x86_64', 'x86', 'x32', 'aarch64', 'arm']);

/**
 * Where in a container's life a fact was seen.
 * - `setup`: before a seccomp filter and before the entrypoint: the runtime alone, needs no permission.
 * - `runtime`: after the filter was installed and before the entrypoint's exec: the runtime, but under the filter.
 * - `program`: from the entrypoint's exec on: the workload.
 * - `session`: a process that somebody put into the running container from outside, and its children: `kubectl exec`,
 *   exec probes. Not the workload: no policy is made from it.
 */
export const phase = z.enum(['setup', 'runtime', 'program', 'session']);

export const common = {
  /** `id` of the container line that this fact belongs to. */
  container: z.string().min(1),
  phase,
  /** Path of the running executable, as the container sees it; null when it could not be resolved. */
  program: z.string().nullable(),
  seen: sighting,
};
