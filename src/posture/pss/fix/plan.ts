/** The way to a level: remedies, and what is refused still when all of them were applied. */
import { changed } from '../../change.ts';
import type { Observed } from '../behaviour.ts';
import { defaulted } from '../defaults.ts';
import { type Violation, violations } from '../evaluate.ts';
import type { Level, Version } from '../level.ts';
import { type PodView, readPod } from '../pod.ts';
import { hardened } from './harden.ts';
import type { Change, Remedy } from './remedy.ts';
import { rightsRemedies } from './rights.ts';
import { surroundingsRemedies } from './surroundings.ts';

export interface Plan {
  readonly level: Level;
  readonly remedies: readonly Remedy[];
  /** Of all remedies, in the order in which they can be applied. */
  readonly changes: readonly Change[];
  /** The pod with the changes. */
  readonly pod: unknown;
  /** What the level refuses of it; empty when it is compliant. */
  readonly left: readonly Violation[];
}

/** A change may uncover what stood behind it: an own value of a container, then that of the pod. */
const rounds = 4;

export function plan(pod: unknown, level: Level, version: Version, observed: Observed): Plan {
  return planFrom(defaulted(readPod(pod)), pod, level, version, observed);
}

/** `view` is the pod as it was read: who judged it before need not read it again. */
export function planFrom(view: PodView, pod: unknown, level: Level, version: Version, observed: Observed): Plan {
  const found: Remedy[] = [];
  const changes: Change[] = [];
  let now = pod;
  let seen = view;
  let left = violations(seen, level, version);
  for (let round = 0; round < rounds && left.length > 0; round += 1) {
    const remedies = left.flatMap((violation) => remediesFor(seen, violation, observed));
    const news = remedies.filter((each) => !found.some((known) => sameRemedy(known, each)));
    found.push(...news);
    const before = now;
    for (const change of inOrder(news.flatMap((each) => each.changes))) {
      const next = changed(now, [change]);
      // What the API server puts there itself is not there to be changed: it goes with what it comes from.
      if (next === now) continue;
      changes.push(change);
      now = next;
    }
    if (now === before) break;
    seen = defaulted(readPod(now));
    left = violations(seen, level, version);
  }
  return { level, remedies: found, changes, pod: now, left };
}

/** The same, with what `harden.ts` knows besides: one container after another, each finding the volumes of those before. */
export function hardenedPlan(way: Plan, version: Version, observed: Observed): Plan {
  const remedies: Remedy[] = [];
  const changes: Change[] = [];
  let pod = way.pod;
  for (const { name } of readPod(pod).containers) {
    const more = hardened(readPod(pod), observed).filter(({ container }) => container === name);
    remedies.push(...more);
    const news = more.flatMap((each) => each.changes);
    changes.push(...news);
    pod = changed(pod, news);
  }
  const left = violations(defaulted(readPod(pod)), way.level, version);
  return {
    level: way.level,
    remedies: [...way.remedies, ...remedies],
    changes: [...way.changes, ...changes],
    pod,
    left,
  };
}

function remediesFor(pod: PodView, violation: Violation, observed: Observed): Remedy[] {
  const remedy = rightsRemedies[violation.check] ?? surroundingsRemedies[violation.check];
  return remedy?.({ pod, observed }, violation) ?? [];
}

function sameRemedy(a: Remedy, b: Remedy): boolean {
  return a.check === b.check && a.container === b.container && a.what === b.what;
}

/** What leaves a list leaves it from its end on, so that places before it stay what they are. */
function inOrder(changes: readonly Change[]): Change[] {
  const fromList = (change: Change): boolean => change.value === undefined && typeof change.path.at(-1) === 'number';
  return [
    ...changes.filter((change) => !fromList(change)),
    ...changes.filter(fromList).toSorted((a, b) => Number(b.path.at(-1)) - Number(a.path.at(-1))),
  ];
}

/**
 * The strictest level that the behaviour allows: no remedy that leads there breaks what was seen, and each violation has a
 * remedy that changes fields. What is unknown does not stand against it; the remedies say where that is so.
 */
export function recommended(pod: unknown, version: Version, observed: Observed): Plan {
  const view = defaulted(readPod(pod));
  return strictestOf((level) => planFrom(view, pod, level, version, observed)) ?? unchanged(pod, 'privileged');
}

/** Null where there is no way to any level that asks for something. */
export function strictestOf(way: (level: Level) => Plan): Plan | null {
  for (const level of ['restricted', 'baseline'] as const) {
    const found = way(level);
    if (found.left.length === 0 && found.remedies.every(({ effect }) => effect.type !== 'breaks')) return found;
  }
  return null;
}

export function unchanged(pod: unknown, level: Level): Plan {
  return { level, remedies: [], changes: [], pod, left: [] };
}
