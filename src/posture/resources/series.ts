/**
 * Usage of containers over time, in one form for all sources: samples of each replica, and what happened to it. Times are
 * seconds since the epoch, CPU in cores, memory in bytes.
 */
import { z } from 'zod';

/** When, and how much. */
export type Sample = readonly [at: number, value: number];

export interface Replica {
  /** The pod's name; null where the source tells none. */
  readonly name: string | null;
  /** Cores, the mean of the time since the sample before. */
  readonly cpu: readonly Sample[];
  /** What the kernel cannot simply drop (the working set), or the most of it since the sample before. */
  readonly memory: readonly Sample[];
  /** Kills for want of memory; the value is the bytes at which it happened: the limit in force, or what is next to it. */
  readonly oom: readonly Sample[];
  /** The share (0 to 1) of scheduling periods in which it had to wait for its CPU limit. */
  readonly throttled: readonly Sample[];
  /** Starts of the container as far as they are known, one of before the first sample among them. */
  readonly starts: readonly number[];
  /** The highest that the kernel itself saw, between samples too, without what it could have dropped; null: not told. */
  readonly peak: number | null;
}

/** What is asked for now; null: unset. */
export interface Ask {
  readonly request: number | null;
  readonly limit: number | null;
}

export interface Current {
  readonly cpu: Ask;
  readonly memory: Ask;
}

export interface ContainerUsage {
  readonly name: string;
  readonly replicas: readonly Replica[];
  /** Null where nobody told. */
  readonly current: Current | null;
}

/** One line of `gen resources --series`. */
export interface Series {
  readonly id: string;
  readonly containers: readonly ContainerUsage[];
}

/** The end of the year 9999; milliseconds of our time are beyond it. */
const at = z
  .number()
  .nonnegative()
  .max(253_402_300_799, 'a time is in seconds since the epoch, and this would be after the year 9999');
const samples = z.array(z.tuple([at, z.number().nonnegative()]));
const amount = z.number().nonnegative().nullable().default(null);
const ask = z.object({ request: amount, limit: amount }).default({ request: null, limit: null });

const pod = z.object({
  name: z.string().nullable().default(null),
  cpu: samples,
  memory: samples,
  oom: samples.default([]),
  throttled: z.array(z.tuple([at, z.number().min(0).max(1)])).default([]),
  starts: z.array(at).default([]),
  peak: z.number().nonnegative().nullable().default(null),
});

export const seriesLine = z
  .object({
    id: z.string(),
    containers: z
      .array(
        z.object({
          name: z.string().min(1),
          pods: z.array(pod),
          current: z.object({ cpu: ask, memory: ask }).nullable().default(null),
        }),
      )
      .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'two containers have one name'),
  })
  .transform(
    ({ id, containers }): Series => ({
      id,
      containers: containers.map(({ name, pods, current }) => ({ name, replicas: pods, current })),
    }),
  );

/**
 * Why samples cannot be believed; null when they can. A time that comes twice, or goes back, says that series of two
 * origins were mixed: no way of putting them in order is more right than another.
 */
export function faultOf({ replicas }: ContainerUsage): string | null {
  for (const [index, replica] of replicas.entries())
    for (const what of ['cpu', 'memory', 'throttled'] as const)
      for (const [place, [time]] of replica[what].entries()) {
        const before = replica[what][place - 1]?.[0];
        if (before === undefined || time > before) continue;
        const where = `pods[${index}].${what}[${place}]`;
        return time === before
          ? `${where}: the time ${time} comes twice`
          : `${where}: the time ${time} is before ${before}`;
      }
  return null;
}
