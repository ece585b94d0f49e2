/** What is taken of an event of an audit log, and how its fields are read: what has another type is empty. */

import type { ApiRight } from '#kubernetes/api-use.ts';

export interface AuditEvent extends ApiRight {
  readonly auditId: string;
  readonly stage: string;
  /** Milliseconds since the epoch; 0 where the event has no time. */
  readonly at: number;
  /** The effective one: whom an impersonator spoke as. */
  readonly user: string;
  readonly groups: readonly string[];
  /** Null where no authorizer's word is in the event. */
  readonly decision: 'allow' | 'forbid' | null;
  /** Empty where the authorizer is not shown one: of create and deletecollection, whatever the log adds. */
  readonly name: string;
}

export type Json = Readonly<Record<string, unknown>>;

/** Verbs whose requests show no name to an authorizer, unless there is a subresource. */
export const nameless: ReadonlySet<string> = new Set(['create', 'deletecollection']);

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

const isText = (value: unknown): value is string => typeof value === 'string';

export function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? (value.every(isText) ? value : value.filter(isText)) : [];
}

export function timeOf(value: unknown): number {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? 0 : at;
}
