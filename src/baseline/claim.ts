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
  return canonical(claim);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${fields.map(([name, each]) => `${JSON.stringify(name)}:${canonical(each)}`).join(',')}}`;
}
