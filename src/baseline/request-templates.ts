/**
 * Requests → templates: where one path differs from another by what names one thing among many (a number, a UUID, a
 * long hexadecimal word), that segment stands for any. One that was never seen to vary stays as it is.
 */
import type { Request } from './arrivals.ts';

export interface Template {
  readonly method: string;
  /** Segments of the path between its slashes; null for any. Without query. */
  readonly segments: readonly (string | null)[];
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether a segment looks like the name of one among many. */
export function isIdentifier(segment: string): boolean {
  return /^\d+$/.test(segment) || uuid.test(segment) || /^[0-9a-f]{16,}$/i.test(segment);
}

/** Sorted by path and method, without repeats. */
export function templates(requests: readonly Request[]): Template[] {
  const shapes = Map.groupBy(requests.map(parsed), ({ method, segments }) =>
    JSON.stringify([method, segments.map((each) => (isIdentifier(each) ? null : each))]),
  );
  const found = [...shapes.values()].flatMap((alike): Template[] => {
    const [first] = alike;
    if (first === undefined) return [];
    const varies = (at: number): boolean => new Set(alike.map(({ segments }) => segments[at])).size > 1;
    return [{ method: first.method, segments: first.segments.map((each, at) => (varies(at) ? null : each)) }];
  });
  return found
    .map((each) => ({ each, key: JSON.stringify([each.segments, each.method]) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ each }) => each);
}

function parsed({ method, path }: Request): { method: string; segments: string[] } {
  const [base = ''] = path.split(/[?#]/);
  return { method, segments: base.split('/') };
}
