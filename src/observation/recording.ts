/**
 * A recording: JSON lines, first a `recording` line, then `container`, observation and `coverage`
 * lines in any order, last an `end` line. The same lines travel from agents to the broker. Recordings may
 * follow one another in one file.
 * A recording without its `end` line was cut; it is still evidence, and never a complete one.
 */
import { z } from 'zod';
import { pod } from '#kubernetes/pod.ts';
import { architecture, observation, type Observation } from './observation.ts';

/** Rises when a reader of the old version would misread the new one. */
export const recordingVersion = 1;

const milliseconds = z.int().nonnegative();

/** `operations`: sockets made, signals, tracing, mounts, limits: what a security module is asked about besides files. */
export const sensor = z.enum([
  'syscalls',
  'programs',
  'files',
  'capabilities',
  'network',
  'operations',
  'dns',
  'usage',
]);

export const header = z.strictObject({
  type: z.literal('recording'),
  version: z.literal(recordingVersion),
  /** Program and version that wrote it. */
  by: z.string(),
  started: milliseconds,
  node: z.strictObject({
    arch: architecture,
    kernel: z.string(),
    cgroups: z.enum(['v1', 'v2', 'hybrid']),
  }),
});

/** One run of one container (or of one command on a host). All its facts name its `id`. */
export const container = z.strictObject({
  type: z.literal('container'),
  /** Unique over nodes and restarts: two runs never share it. */
  id: z.string().min(1),
  /** What the user calls the workload: the stem of the artifacts' file names. */
  workload: z.string().min(1),
  /** The container's name within the workload. */
  name: z.string().min(1),
  started: milliseconds,
  /** The command line that was recorded, where it was given to us. */
  command: z.array(z.string()).optional(),
  image: z.string().optional(),
  /** `sha256:…` of what ran, whatever tag it was asked for by: a release. */
  imageDigest: z.string().optional(),
  /** Where it ran in a cluster; absent for what ran outside of one. */
  pod: pod.optional(),
  /** True when recording began before the workload's first instruction. */
  fromStart: z.boolean(),
});

/**
 * What a sensor saw of a container, and what it did not, from `from` on. Two lines of one container, sensor
 * and `from` are the same watch at two times: the later `to` and the higher `lost` hold. `lost` counts facts that were dropped after they were seen; `gaps` names what this
 * sensor cannot see on this machine.
 */
export const coverage = z.strictObject({
  type: z.literal('coverage'),
  container: z.string().min(1),
  sensor,
  state: z.enum(['ran', 'unavailable']),
  /** The kernel hooks in use, or why there are none. */
  hook: z.string(),
  from: milliseconds,
  to: milliseconds,
  lost: z.int().nonnegative(),
  gaps: z.array(z.string()),
});

export const end = z.strictObject({
  type: z.literal('end'),
  ended: milliseconds,
  /** Lines before this one. A reader that counted another number holds a damaged file. */
  lines: z.int().positive(),
});

export const line = z.discriminatedUnion('type', [header, container, coverage, end, ...observation.options]);

export type Sensor = z.infer<typeof sensor>;
export type Header = Readonly<z.infer<typeof header>>;
export type Container = Readonly<z.infer<typeof container>>;
export type Coverage = Readonly<z.infer<typeof coverage>>;
export type End = Readonly<z.infer<typeof end>>;
export type Line = Header | Container | Coverage | End | Observation;

export interface Recording {
  readonly header: Header;
  readonly containers: readonly Container[];
  readonly observations: readonly Observation[];
  readonly coverage: readonly Coverage[];
  /** Null when the file was cut before its end. */
  readonly end: End | null;
}
