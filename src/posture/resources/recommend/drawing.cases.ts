/** How usage is drawn for tests, and how advice about it is looked at. */
import assert from 'node:assert/strict';
import { type ContainerUsage, type Current, type Replica, type Sample } from '../series.ts';
import type { ContainerAdvice, Figure, Finding } from './advice.ts';

export const [minute, hour, day, mebibyte] = [60, 3600, 86_400, 2 ** 20];
/** A Wednesday, 00:00 UTC. */
export const began = 1_699_401_600;

/** A sample each `step` seconds for `length` seconds; the function gets seconds since the begin. */
export function drawn(length: number, step: number, value: (second: number) => number): Sample[] {
  return Array.from({ length: Math.floor(length / step) }, (_, at) => [
    began + (at + 1) * step,
    value((at + 1) * step),
  ]);
}

export interface Drawing {
  readonly length: number;
  readonly step?: number;
  readonly cpu: (second: number) => number;
  /** Mebibytes. */
  readonly memory: (second: number) => number;
}

export function replica({ length, step = minute, cpu, memory }: Drawing, more: Partial<Replica> = {}): Replica {
  return {
    name: null,
    cpu: drawn(length, step, cpu),
    memory: drawn(length, step, (second) => memory(second) * mebibyte),
    oom: [],
    throttled: [],
    starts: [],
    peak: null,
    ...more,
  };
}

export function usage(replicas: readonly Replica[], current: Current | null = null): ContainerUsage {
  return { name: 'app', replicas, current };
}

export const flat = (value: number) => (): number => value;

export function mentions(advice: ContainerAdvice, type: Finding['type'], text: RegExp): void {
  const found = advice.findings.filter((each) => each.type === type).map((each) => each.text);
  assert.ok(
    found.some((each) => text.test(each)),
    `no ${type} with ${text}: ${JSON.stringify(advice.findings)}`,
  );
}

export function silentOf(advice: ContainerAdvice, ...types: readonly Finding['type'][]): void {
  assert.deepEqual(
    advice.findings.filter(({ type }) => types.includes(type)),
    [],
  );
}

export function number(figure: Figure): number {
  if (figure.state !== 'number') assert.fail(`${figure.state}: ${figure.because}`);
  return figure.value;
}

export function near(figure: Figure, wanted: number, most = 1.03): void {
  const value = number(figure);
  assert.ok(value >= wanted && value <= wanted * most, `${value}, wanted from ${wanted} on`);
}

export interface Case {
  readonly what: string;
  readonly usage: ContainerUsage;
  readonly holds: (advice: ContainerAdvice) => void;
}

export const week = 7 * day;
