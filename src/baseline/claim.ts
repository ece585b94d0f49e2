/** What an observation says, apart from whose it is and when: the identity by which facts add up. */
import type { Observation, Sighting } from '#observation/observation.ts';
import type { Claim } from './baseline.ts';

export function claimOf(observation: Observation): Claim {
  if (observation.type === 'usage') {
    const { container: _, ...claim } = observation;
    return claim;
  }
  const { container: _, seen: __, ...claim } = observation;
  return claim;
}

/** A usage sample is its own sighting: its time is part of what it says. */
export function sightingOf(observation: Observation): Sighting {
  return observation.type === 'usage' ? { first: observation.at, last: observation.at, count: 1 } : observation.seen;
}

/** The observation again: `claimOf` and `sightingOf` give back what came in. */
export function observationOf(claim: Claim, container: string, seen: Sighting): Observation {
  return claim.type === 'usage' ? { ...claim, container } : { ...claim, container, seen };
}

/** Claims are equal when these texts are: JSON with the keys of every object in order. */
export function claimText(claim: Claim): string {
  return JSON.stringify(inOrder(claim));
}

/** The same value, its keys in the order of their UTF-16 code units: the same on every machine. */
function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(inOrder);
  const given = value as Readonly<Record<string, unknown>>;
  const sorted: Record<string, unknown> = {};
  for (const key of Object.keys(given).toSorted()) sorted[key] = inOrder(given[key]);
  return sorted;
}
