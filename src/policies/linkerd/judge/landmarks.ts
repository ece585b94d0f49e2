/** What Linkerd's policies tell apart: their words, and texts that each pattern matches. */
import { type Network, parseAddress, parseNetwork, single } from '#kubernetes/addresses.ts';
import type { CallerLandmarks, Example, RequestLandmarks } from '../../call-landmarks.ts';
import type { Called } from '../../calls.ts';
import { type Authorization, identityMatches } from './authentications.ts';
import { examplesOf } from './expressions.ts';
import type { Server } from './read.ts';
import type { Match } from './route-schema.ts';
import { pathMatches } from './routes.ts';

export function callersOf(servers: readonly Server[]): CallerLandmarks {
  const all = servers.flatMap(({ authorizations, routes }) => [
    ...authorizations,
    ...routes.flatMap((route) => route.authorizations),
  ]);
  const words = [...new Set(all.flatMap(({ identity }) => identity ?? []))];
  return {
    networks: all.flatMap(networksOf),
    identities: all.flatMap(identitiesOf),
    identityKey: (identity) => words.map((word) => identityMatches(word, identity)).join(),
  };
}

function networksOf({ network }: Authorization): Network[] {
  if (network === null) return [];
  return [network.cidr, ...network.except].flatMap((text) => {
    const address = parseAddress(text);
    const range = address === null ? parseNetwork(text) : single(address);
    return range === null ? [] : [range];
  });
}

/** `*` alone is met by any identity. */
function identitiesOf({ identity }: Authorization): Example[] {
  if (identity === null || identity === '*') return [];
  return [{ label: identity, value: identity.startsWith('*.') ? `other${identity.slice(1)}` : identity }];
}

/** Probes' requests are told apart wherever a Server stands: without routes it lets them by. */
export function requestsOf(
  servers: readonly Server[],
  { probes }: Called,
): RequestLandmarks & { beyond: readonly string[] } {
  const routes = servers.flatMap((server) => server.routes);
  const matches = routes.flatMap((route) => route.matches);
  const probed = servers.length === 0 ? [] : (probes ?? []).flatMap(({ path }) => path ?? []);
  const beyond: string[] = [];
  const fields = (all: readonly NonNullable<Match['headers']>[number][], between: string, word: string): Example[] =>
    all.flatMap(({ name, type, value }) =>
      textsOf(type, value, beyond).map((each) => ({
        label: `${word}${name}${between}${value}`,
        value: `${name}${between}${each}`,
      })),
    );
  const methods = [
    ...new Set([...matches.flatMap(({ method }) => method ?? []), ...(probed.length > 0 ? ['GET'] : [])]),
  ];
  return {
    methods: methods.map((value) => ({ label: value, value })),
    paths: [
      ...probed.map((value) => ({ label: value, value })),
      ...matches.flatMap(({ path }) => pathsOf(path, beyond)),
    ],
    queries: fields(
      matches.flatMap(({ queryParams }) => queryParams ?? []),
      '=',
      '?',
    ),
    headers: fields(
      matches.flatMap(({ headers }) => headers ?? []),
      ': ',
      'with ',
    ),
    hosts: routes.flatMap(({ hostnames }) =>
      hostnames.map((label) => ({
        label: `of ${label}`,
        value: label.startsWith('*.') ? `other${label.slice(1)}` : label,
      })),
    ),
    beyond,
  };
}

/** A prefix is met by itself and by what lies below. */
function pathsOf({ type, value }: Match['path'], beyond: string[]): Example[] {
  if (type === 'PathPrefix') {
    const own = value.replace(/\/+$/, '');
    return own === ''
      ? []
      : [own, `${own}/x`].map((each) => ({ label: `${own}${each === own ? '' : '/…'}`, value: each, open: 'within' }));
  }
  return textsOf(type, value, beyond).map((each) => ({
    label: value,
    value: each,
    ...(type === 'Exact' ? {} : { open: 'within' }),
  }));
}

/** Which of the words about paths mean one; a path that is a prefix's own end meets others of its length. */
export function pathKeyOf(servers: readonly Server[], { probes }: Called): (path: string) => string {
  const matches = servers.flatMap(({ routes }) => routes.flatMap((route) => route.matches.map(({ path }) => path)));
  const probed = new Set(servers.length === 0 ? [] : (probes ?? []).map(({ path }) => path));
  return (path) =>
    [
      probed.has(path),
      ...matches.map((match) => [pathMatches(match, path), match.value.replace(/\/+$/, '') === path]),
    ].join();
}

function textsOf(type: Match['path']['type'], value: string, beyond: string[]): readonly string[] {
  if (type !== 'RegularExpression') return [value];
  const found = examplesOf(value);
  if (found.length === 0) beyond.push(`requests that match ${JSON.stringify(value)}`);
  return found;
}
