/**
 * Which route a request takes: the best match alone (linkerd2-proxy linkerd/http/route). The longer path wins, then a
 * method, then headers, then parameters of the query; a request that no route matches is refused.
 */
import type { HttpRequest } from '../../calls.ts';
import { all, type Truth, truth } from '../../three-valued.ts';
import { expressionMatches } from './expressions.ts';
import type { Match } from './route-schema.ts';

export interface Route {
  /** `HTTPRoute shop/web-8080-orders`. */
  readonly name: string;
  /** Of the object, as AuthorizationPolicies name it. */
  readonly group: string;
  readonly object: string;
  readonly namespace: string;
  readonly hostnames: readonly string[];
  readonly matches: readonly Match[];
}

interface Candidate<R extends Route> {
  readonly route: R;
  readonly match: Match;
  readonly rank: readonly number[];
  readonly truth: Truth;
}

export interface Taken<R extends Route> {
  /** Those that the request may take; none where it is refused for sure. */
  readonly routes: readonly R[];
  /** Whether it takes one of them for sure. */
  readonly certain: boolean;
}

export function routesFor<R extends Route>(routes: readonly R[], request: HttpRequest): Taken<R> {
  const found = routes
    .flatMap((route) => route.matches.map((match) => candidate(route, match, request)))
    .filter((each) => each.truth !== 'no')
    .toSorted((a, b) => compare(b.rank, a.rank));
  const certain = found.findIndex((each) => each.truth === 'yes');
  if (certain < 0) return { routes: [...new Set(found.map(({ route }) => route))], certain: false };
  const best = found[certain];
  // Of equals the older one wins, whose age no text tells.
  const able = found.filter(({ rank }, at) => at <= certain || (best !== undefined && compare(rank, best.rank) === 0));
  return { routes: [...new Set(able.map(({ route }) => route))], certain: true };
}

/** Whether some route takes every request, whatever it asks for. */
export function takesAll({ matches, hostnames }: Route): boolean {
  return (
    hostnames.length === 0 &&
    matches.some(
      ({ path, method, headers, queryParams }) =>
        path.type === 'PathPrefix' &&
        path.value === '/' &&
        method === undefined &&
        (headers ?? []).length + (queryParams ?? []).length === 0,
    )
  );
}

function candidate<R extends Route>(route: R, match: Match, request: HttpRequest): Candidate<R> {
  const [path = '', query = ''] = request.path.split('#')[0]?.split(/\?(.*)/s) ?? [];
  const { headers = [], queryParams = [] } = match;
  const length = match.path.type === 'PathPrefix' ? prefixLength(match.path.value) : path.length;
  const parts = [
    hostMatches(route.hostnames, request.host),
    match.method === undefined ? 'yes' : truth(match.method === request.method),
    pathMatches(match.path, path),
    ...headers.map(({ name, type, value }) => headerMatches(name, type, value, request)),
    ...queryParams.map(({ name, type, value }) => textMatches(type, value, new URLSearchParams(query).get(name))),
  ] satisfies Truth[];
  return {
    route,
    match,
    truth: all(parts),
    rank: [length, match.method === undefined ? 0 : 1, headers.length, queryParams.length],
  };
}

function prefixLength(value: string): number {
  return value === '/' ? 1 : value.replace(/\/+$/, '').length;
}

export function pathMatches({ type, value }: Match['path'], path: string): Truth {
  if (type === 'Exact') return truth(path === value);
  if (type === 'RegularExpression') return expressionMatches(value, path);
  if (value === '/') return 'yes';
  const prefix = value.replace(/\/+$/, '');
  const whole = path.replace(/\/+$/, '');
  return truth(whole === prefix || whole.startsWith(`${prefix}/`));
}

function headerMatches(name: string, type: Match['path']['type'], value: string, { headers }: HttpRequest): Truth {
  if (headers === undefined) return 'maybe';
  const found = Object.entries(headers).find(([each]) => each.toLowerCase() === name.toLowerCase());
  return textMatches(type, value, found?.[1] ?? null);
}

function textMatches(type: Match['path']['type'], value: string, text: string | null): Truth {
  if (text === null) return 'no';
  return type === 'RegularExpression' ? expressionMatches(value, text) : truth(text === value);
}

function hostMatches(hostnames: readonly string[], host: string | undefined): Truth {
  if (hostnames.length === 0) return 'yes';
  if (host === undefined) return 'maybe';
  const own = host.toLowerCase().replace(/:\d+$/, '');
  return truth(
    hostnames.some((each) =>
      each.startsWith('*.') ? own.endsWith(each.slice(1).toLowerCase()) : each.toLowerCase() === own,
    ),
  );
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
