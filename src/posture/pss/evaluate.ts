/** Judges pods as the admission plugin of an API server does: the same verdicts, in the same words. */
import { type Check, type Variant } from './checks/check.ts';
import { confinementChecks } from './checks/confinement.ts';
import { hostChecks } from './checks/host.ts';
import { rightsChecks } from './checks/rights.ts';
import { type Level, levels, minorOf, newestMinor, type Version, versionText } from './level.ts';
import type { PodView } from './pod.ts';
import type { Finding } from './wording.ts';

export const checks: readonly Check[] = [...hostChecks, ...confinementChecks, ...rightsChecks].toSorted((a, b) =>
  a.level === b.level ? order(a.id, b.id) : order(a.level, b.level),
);

/** By code units, as Go compares strings of ASCII: `seLinuxOptions` before `seccompProfile_baseline`. */
function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export interface Violation extends Finding {
  /** Upstream's id of the check. */
  readonly check: string;
  /** The level that asks for it. */
  readonly level: Exclude<Level, 'privileged'>;
}

interface Planned {
  readonly check: Check;
  readonly run: Variant['run'];
}

/** What runs at a version, by minor. */
const plans = Array.from({ length: newestMinor + 1 }, (_, minor) => ({
  baseline: planned('baseline', minor),
  restricted: planned('restricted', minor),
}));

function planned(level: 'baseline' | 'restricted', minor: number): Planned[] {
  const all = checks.flatMap((check) => {
    const variant = check.versions.findLast(({ since }) => since <= minor);
    const asked = level === 'restricted' || check.level === 'baseline';
    return variant === undefined || !asked ? [] : [{ check, run: variant.run }];
  });
  const overridden = new Set(all.map(({ check }) => check.overrides));
  return all.filter(({ check }) => !overridden.has(check.id));
}

/** What the level refuses of a pod that was defaulted; empty when it passes. */
export function violations(pod: PodView, level: Level, version: Version): Violation[] {
  if (level === 'privileged') return [];
  const found: Violation[] = [];
  for (const { check, run } of plans[minorOf(version)]?.[level] ?? []) {
    const finding = run(pod);
    if (finding !== null) found.push({ check: check.id, level: check.level, ...finding });
  }
  return found;
}

/** The strictest level that lets the pod in. */
export function strictestLevel(pod: PodView, version: Version): Level {
  return levels.findLast((level) => violations(pod, level, version).length === 0) ?? 'privileged';
}

/** `reason (detail)`. */
export function violationText({ reason, detail }: Finding): string {
  return detail === '' ? reason : `${reason} (${detail})`;
}

/** All of it, as an API server answers a request: `violates PodSecurity "restricted:v1.36": …`. */
export function refusalText(found: readonly Violation[], level: Level, version: Version): string {
  return `violates PodSecurity "${level}:${versionText(version)}": ${found.map(violationText).join(', ')}`;
}
