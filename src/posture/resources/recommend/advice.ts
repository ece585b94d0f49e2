/** What is advised for a container, with its reasons. */
import type { Figures } from '../figures.ts';
import type { Cycle } from './cycle.ts';
import { roundedSureness } from './sureness.ts';
import type { Startup } from './startup.ts';

/**
 * Cores or bytes.
 * - `number`: this much, `sure` from 0 to 1.
 * - `unset`: better nothing than a number.
 * - `no-opinion`: what is known does not tell. `seen`: the least and the most that was.
 */
export type Figure =
  | { readonly state: 'number'; readonly value: number; readonly sure: number; readonly because: string }
  | { readonly state: 'unset'; readonly because: string }
  | { readonly state: 'no-opinion'; readonly because: string; readonly seen: readonly [number, number] | null };

export interface Advised {
  readonly request: Figure;
  readonly limit: Figure;
  /** What is usual (the median) and the most that may be needed, rounded as figures are; null where there is no figure. */
  readonly bounds: readonly [usual: number, most: number] | null;
}

/** What a reader must know besides the figures. */
export interface Finding {
  readonly type:
    | 'burst'
    | 'cycle'
    | 'floor'
    | 'leak'
    | 'oom'
    | 'period'
    | 'at-limit'
    | 'shift'
    | 'skew'
    | 'sparse'
    | 'startup'
    | 'throttled';
  /** A sentence without a full stop. */
  readonly text: string;
}

/** What the figures rest on. */
export interface Basis {
  /** Seconds since the epoch; null where there are no samples. */
  readonly since: number | null;
  readonly until: number | null;
  /** Of all replicas together: the time that samples stand for. */
  readonly seconds: number;
  readonly samples: number;
  readonly replicas: number;
  readonly starts: number;
}

export interface ContainerAdvice {
  readonly name: string;
  readonly cpu: Advised;
  readonly memory: Advised;
  /** That of the least sure figure; where there is none, that of the samples. */
  readonly confidence: number;
  readonly startup: Startup | null;
  /** Of CPU. */
  readonly cycle: Cycle | null;
  readonly findings: readonly Finding[];
  readonly basis: Basis;
  /** Why the samples were not believed; the figures are without opinion then. */
  readonly fault: string | null;
}

export function valueOf(figure: Figure): number | null {
  return figure.state === 'number' ? figure.value : null;
}

export function figuresOf({ cpu, memory }: Pick<ContainerAdvice, 'cpu' | 'memory'>): Figures {
  return {
    cpu: { request: valueOf(cpu.request), limit: valueOf(cpu.limit) },
    memory: { request: valueOf(memory.request), limit: valueOf(memory.limit) },
  };
}

/** For a machine: a line of `-o jsonl`, the reasons beside the figures. */
export function adviceObject(advice: ContainerAdvice): object {
  const { cpu, memory } = figuresOf(advice);
  const why = (figure: Figure): object =>
    figure.state === 'number' ? { ...figure, sure: roundedSureness(figure.sure) } : figure;
  return {
    cpu,
    memory,
    confidence: roundedSureness(advice.confidence),
    why: {
      cpu: { request: why(advice.cpu.request), limit: why(advice.cpu.limit) },
      memory: { request: why(advice.memory.request), limit: why(advice.memory.limit) },
    },
    startup: advice.startup,
    findings: advice.findings,
    basis: advice.basis,
    ...(advice.fault === null ? {} : { error: advice.fault }),
  };
}
