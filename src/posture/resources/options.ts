/**
 * What can be chosen, with what is taken otherwise and why. Plain data without a library: the flags of the command line and
 * their help come from here, and help is asked for often.
 */
import { amountOf, secondsOf } from './quantity.ts';

export interface Options {
  /** Seconds back from the newest sample. */
  readonly observationPeriod: number;
  /** Shares, 0 to 1. */
  readonly percentile: number;
  readonly replicaPercentile: number;
  readonly strategy: 'burstable' | 'guaranteed';
  readonly cpuLimit: 'none' | 'burst';
  readonly cpuMargin: number;
  readonly memoryMargin: number;
  readonly memoryMinMargin: number;
  readonly cpuFloor: number;
  readonly memoryFloor: number;
  readonly cpuStep: number;
  readonly memoryStep: number;
  readonly halfLife: number;
  readonly shiftAfter: number;
  readonly startupMax: number;
  readonly minPeriod: number;
  readonly oomRatio: number;
  readonly oomBump: number;
}

type Kind = 'percent' | 'time' | 'cores' | 'bytes' | 'ratio' | readonly string[];

export interface Described {
  readonly kind: Kind;
  readonly preset: string;
  readonly help: string;
  /** Where nothing at all makes no sense. */
  readonly isPositive?: true;
}

export const described: Readonly<Record<keyof Options, Described>> = {
  observationPeriod: {
    kind: 'time',
    preset: '7d',
    isPositive: true,
    help: 'how far back from the newest sample: a whole week has its weekend',
  },
  percentile: {
    kind: 'percent',
    preset: '95',
    help: 'of the time, in which CPU usage is within the request; of the daily peaks of memory',
  },
  replicaPercentile: {
    kind: 'percent',
    preset: '90',
    help: 'of the replicas, whose need the requests meet; up to nine replicas that is the hottest',
  },
  strategy: {
    kind: ['burstable', 'guaranteed'],
    preset: 'burstable',
    help: 'burstable: what is usually used is requested; guaranteed: requests are limits, with room for the peaks',
  },
  cpuLimit: {
    kind: ['none', 'burst'],
    preset: 'none',
    help: 'none: CPU that is to spare is used; burst: a limit above what 99.9 % of the time needed, and the start',
  },
  cpuMargin: { kind: 'percent', preset: '0', help: 'above the CPU that was needed: the percentile has room already' },
  memoryMargin: {
    kind: 'percent',
    preset: '10',
    help: 'least margin of the memory limit above the peak; peaks that vary get more',
  },
  memoryMinMargin: { kind: 'bytes', preset: '4Mi', help: 'the same in bytes, for what is small' },
  cpuFloor: { kind: 'cores', preset: '5m', help: 'least CPU request: below it the share of a core is noise' },
  memoryFloor: {
    kind: 'bytes',
    preset: '16Mi',
    help: 'least memory: a container runtime itself needs some MiB to start one',
  },
  cpuStep: { kind: 'cores', preset: '1m', isPositive: true, help: 'CPU is rounded up to multiples of it' },
  memoryStep: { kind: 'bytes', preset: '1Mi', isPositive: true, help: 'memory is rounded up to multiples of it' },
  halfLife: { kind: 'time', preset: '7d', help: 'after that long a sample counts half' },
  shiftAfter: {
    kind: 'time',
    preset: '3d',
    help: 'how long usage stays low before what was above it is forgotten: longer than a weekend; 0s: never',
  },
  startupMax: { kind: 'time', preset: '30m', help: 'the longest that a start is taken to last' },
  minPeriod: { kind: 'time', preset: '1h', help: 'no figures from less than that, only what was seen' },
  oomRatio: { kind: 'ratio', preset: '1.2', help: 'memory at which it was killed, times this, or' },
  oomBump: { kind: 'bytes', preset: '100Mi', help: 'plus this, whichever is more, is the least limit after a kill' },
};

export const defaults: Options = optionsOf({}).options;

/** Texts as flags have them → options; a `fault` names the option and what it takes. */
export function optionsOf(given: Readonly<Record<string, string | undefined>>): {
  readonly options: Options;
  readonly fault: string | null;
} {
  let fault: string | null = null;
  const read = Object.entries(described).map(([name, { kind, preset, isPositive }]) => {
    const text = given[name] ?? preset;
    const read = valueOf(kind, text);
    const value = read === Number.POSITIVE_INFINITY || (isPositive && read === 0) ? null : read;
    if (value === null)
      fault ??= `${flagOf(name)} takes ${wanted(kind)}${isPositive ? ', more than 0' : ''}, not ${JSON.stringify(text)}`;
    return [name, value ?? valueOf(kind, preset)] as const;
  });
  // One entry for each key, of the kind that its description says.
  return { options: Object.fromEntries(read) as unknown as Options, fault };
}

/** `halfLife` → `--half-life`. */
export const flagOf = (name: string): string =>
  `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

function valueOf(kind: Kind, text: string): number | string | null {
  if (typeof kind !== 'string') return kind.includes(text) ? text : null;
  if (kind === 'time') return secondsOf(text);
  if (kind === 'cores' || kind === 'bytes') return amountOf(text);
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : null;
  if (kind === 'ratio') return number !== null && number >= 1 ? number : null;
  return number !== null && number <= 100 ? number / 100 : null;
}

function wanted(kind: Kind): string {
  if (typeof kind !== 'string') return `one of ${kind.join(', ')}`;
  return {
    time: 'a length of time (7d, 12h, 30m, 90s)',
    cores: 'CPU (250m, 0.5)',
    bytes: 'memory (64Mi)',
    ratio: 'a number from 1 on',
    percent: 'a number from 0 to 100',
  }[kind];
}
