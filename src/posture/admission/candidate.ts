/** A pattern that may hold: what it asks in CEL, and what the miner says of an object by itself. */
import { firstOf } from '#baseline/evidence.ts';
import type { Cel } from './rule/cel.ts';
import type { Rule, Target } from './rule/rule.ts';
import type { Group, Manifest } from './subjects.ts';

export interface Candidate {
  readonly id: string;
  readonly targets: readonly Target[];
  readonly holds: Cel;
  readonly message: string;
  readonly reads: Rule['reads'];
  readonly widening: string | null;
  passes(object: Manifest): boolean;
  /** Whether it counts at all; by default everything of the targets does. What is of no concern passes. */
  concerns?(object: Manifest): boolean;
  /** The same object, changed in place so that it breaks the rule. */
  spoil(object: Writable): void;
}

/** A copy that may be changed. */
export type Writable = { [key: string]: unknown };

/** Reads groups whose objects its targets take; `minUses`: a value that fewer groups use is nobody's pattern. */
export type Pattern = (groups: readonly Group[], minUses: number) => readonly Candidate[];

export function isTarget(
  targets: readonly Target[],
  { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string },
): boolean {
  return targets.some(
    (each) => each.kind === kind && `${each.group === '' ? '' : `${each.group}/`}${each.version}` === apiVersion,
  );
}

/** Of the groups, as far as the targets take their objects. */
export function within(groups: readonly Group[], targets: readonly Target[]): Group[] {
  return groups.flatMap(({ subject, objects }) => {
    const own = objects.filter((each) => isTarget(targets, each));
    return own.length === 0 ? [] : [{ subject, objects: own }];
  });
}

/** Values that at least `minUses` groups have, sorted. */
export function used<T extends string | number>(
  groups: readonly Group[],
  minUses: number,
  values: (object: Manifest) => readonly T[],
): T[] {
  const uses = new Map<T, number>();
  for (const { objects } of groups)
    for (const value of new Set(objects.flatMap(({ object }) => values(object))))
      uses.set(value, (uses.get(value) ?? 0) + 1);
  return [...uses]
    .flatMap(([value, number]) => (number >= minUses ? [value] : []))
    .toSorted((a, b) => (a < b ? -1 : 1));
}

/** For messages: five at most, without what any reader of a policy could take for its own. */
export function shown(values: readonly (string | number)[]): string {
  const safe = values.map((each) =>
    String(each)
      .slice(0, 80)
      .replaceAll(/[^A-Za-z0-9._:/@*+-]/g, '?'),
  );
  return firstOf(safe, 5);
}
