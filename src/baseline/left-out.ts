/** Observations that policies about requests do not speak of: the replay passes over them, and the notes name them. */
import type { Observation } from '#observation/observation.ts';
import { placing } from './arrivals.ts';
import type { Baseline } from './baseline.ts';
import { isIdentifier, type Template, templates } from './request-templates.ts';

/** By arrival: all of it, or the requests that could not be said, where requests are what is spoken of. */
export type UnsaidAt = ReadonlyMap<string, readonly Template[] | 'everything'>;
/** What grows into an `UnsaidAt`: nothing at all is said of `whole`. */
export function unsaidAt(whole: readonly string[]): Map<string, readonly Template[] | 'everything'> {
  return new Map(whole.map((arrival) => [arrival, 'everything']));
}

export function leaveOut(all: ReturnType<typeof unsaidAt>, arrival: string, requests: readonly Template[]): void {
  if (all.get(arrival) !== 'everything') all.set(arrival, requests);
}

/** By server. */
export type Unsaid = ReadonlyMap<string, UnsaidAt>;

/** Calls that tell of no request say nothing where requests were seen; some requests cannot be said. */
export function leftOutOf(baselines: readonly Baseline[], unsaid: Unsaid): (observation: Observation) => boolean {
  const placeOf = placing(baselines);
  return (observation) => {
    if (observation.type !== 'flow') return false;
    const place = placeOf(observation);
    const left = place === null ? undefined : unsaid.get(place.server)?.get(place.arrival);
    if (left === undefined) return false;
    if (left === 'everything' || observation.http === undefined) return true;
    const [own] = templates([observation.http]);
    return own !== undefined && left.some((each) => isOf(own, each));
  };
}

/** Whether a request without any open segment falls under a template. */
export function isOf(request: Template, { method, segments }: Template): boolean {
  return (
    method === request.method &&
    segments.length === request.segments.length &&
    segments.every((each, at) => {
      const own = request.segments[at] ?? '';
      return each === null ? isIdentifier(own) : each === own;
    })
  );
}
