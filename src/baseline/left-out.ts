/** Observations that policies about requests do not speak of: the replay passes over them, and the notes name them. */
import type { Observation } from '#observation/observation.ts';
import { placing } from './arrivals.ts';
import type { Baseline } from './baseline.ts';
import { type Template, templates } from './request-templates.ts';

/** By server, then by arrival: the requests that could not be said, where requests are what is spoken of. */
export type Unsaid = ReadonlyMap<string, ReadonlyMap<string, readonly Template[]>>;

/** Calls that tell of no request say nothing where requests were seen; some requests cannot be said. */
export function leftOutOf(baselines: readonly Baseline[], unsaid: Unsaid): (observation: Observation) => boolean {
  const placeOf = placing(baselines);
  return (observation) => {
    if (observation.type !== 'flow') return false;
    const place = placeOf(observation);
    const left = place === null ? undefined : unsaid.get(place.server)?.get(place.arrival);
    if (left === undefined) return false;
    if (observation.http === undefined) return true;
    const [own] = templates([observation.http]);
    return own !== undefined && left.some((each) => isOf(own, each));
  };
}

/** Whether a request without any open segment falls under a template. */
export function isOf(request: Template, { method, segments }: Template): boolean {
  return (
    method === request.method &&
    segments.length === request.segments.length &&
    segments.every((each, at) => each === null || each === request.segments[at])
  );
}
