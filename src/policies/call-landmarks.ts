/**
 * Where answers of a mesh's policies may change: every port, network, identity and request that they speak of. What lies
 * between gets one answer. Too many do no harm, and one too few would be a lie.
 */
import type { Network } from '#kubernetes/addresses.ts';
import type { Called, HttpRequest } from './calls.ts';

/** One that stands for all that a policy's words mean. */
export interface Example {
  /** The policy's words. */
  readonly label: string;
  readonly value: string;
  /**
   * The words mean other texts, too, so that those of several policies may meet in one: with other segments between
   * slashes, or with more within a segment as well.
   */
  readonly open?: 'between' | 'within';
}

/** Whom policies tell apart, wherever they call. */
export interface CallerLandmarks {
  readonly networks: readonly Network[];
  /** As the mesh writes them. */
  readonly identities: readonly Example[];
  /** Which of the words about identities mean it: who has the same key, is answered the same. */
  readonly identityKey: (identity: string) => string;
}

/** What policies about one pod tell apart. */
export interface CalledLandmarks {
  /** The policies as text: who has the same, answers the same. */
  readonly policies: string;
  readonly ports: readonly number[];
  readonly requests: RequestLandmarks;
  /** Which of the words about paths mean it: who has the same key, is answered the same. */
  readonly pathKey: (path: string) => string;
  /** Whether it makes a difference that the pod was dialled and no Service. */
  readonly direct: boolean;
  /** What they speak of and no example stands for, in their words. */
  readonly beyond: readonly string[];
}

export interface RequestLandmarks {
  readonly methods: readonly Example[];
  readonly paths: readonly Example[];
  /** `name=value` of a query. */
  readonly queries: readonly Example[];
  readonly hosts: readonly Example[];
  /** `name: value`. */
  readonly headers: readonly Example[];
}

export interface AskedRequest {
  /** Empty where policies tell no requests apart. */
  readonly label: string;
  readonly http: HttpRequest | null;
}

export interface AskedPort {
  readonly label: string;
  readonly port: number;
}

/** A part of what there is to ask about. */
export interface Part<Of> {
  readonly asked: readonly Of[];
  /** False where policies tell more apart than is asked. */
  readonly whole: boolean;
}

const others = { method: 'OTHER', path: '/~other', host: 'other.invalid' };
/** Beyond these, what is asked grows faster than what it tells. */
const most = { requests: 4096, meetings: 50_000 };

/** One request of each kind that policies tell apart, and what is no HTTP; nothing but that where there are too many. */
export function requestsAsked(given: readonly CalledLandmarks[]): Part<AskedRequest> {
  const of = (field: keyof RequestLandmarks): readonly Example[] => given.flatMap(({ requests }) => requests[field]);
  const [methods, queries, hosts, headers] = [
    choices(withJoined(of('methods')), { label: 'any other method', value: others.method }),
    choices(of('queries'), { label: '', value: '' }),
    choices(withJoined(of('hosts')), { label: 'of any other host', value: others.host }),
    choices(of('headers'), { label: '', value: '' }),
  ];
  const paths = pathsApart(of('paths'), (path) => given.map(({ pathKey }) => pathKey(path)).join());
  if (methods.length * paths.asked.length * queries.length * hosts.length * headers.length > most.requests)
    return { ...requestsAsked([]), whole: false };
  const asked: AskedRequest[] = [{ label: 'other than HTTP', http: null }];
  for (const method of methods)
    for (const path of paths.asked)
      for (const query of queries)
        for (const host of hosts)
          for (const header of headers) {
            const label = [method, path, query, host, header].map((each) => each.label).filter((each) => each !== '');
            asked.push({
              label: label.length === 0 ? 'HTTP' : label.join(' '),
              http: {
                method: method.value,
                path: `${path.value}${query.value === '' ? '' : `${path.value.includes('?') ? '&' : '?'}${query.value}`}`,
                host: host.value,
                headers: headersOf(header.value),
              },
            });
          }
  return { asked, whole: paths.whole };
}

/** With nothing told apart, one that needs no word. */
function choices(named: readonly Example[], rest: Example): readonly Example[] {
  const all = [...new Map(named.map((each) => [each.value, each])).values()];
  return all.length === 0 ? [{ label: '', value: rest.value }] : [...all, rest];
}

/** A word's begin and another's end may be one word. */
function withJoined(all: readonly Example[]): readonly Example[] {
  const open = all.filter(({ open: how }) => how === 'within');
  const met = open.flatMap((a) => open.flatMap((b) => (a === b ? [] : `${a.value}${b.value}`)));
  return [...all, ...[...new Set(met)].map((value) => ({ label: value, value }))];
}

function pathsApart(named: readonly Example[], keyOf: (path: string) => string): Part<Example> {
  if (named.length === 0) return { asked: [{ label: '', value: others.path }], whole: true };
  const meet = (a: Example, b: Example): string[] => [...meetings(a, b), `${a.value}${b.value}`];
  return oneOfEach({ label: 'any other path', value: others.path }, named, meet, keyOf);
}

/** One identity of each kind that policies tell apart, of those that are `free`; the last stands for all others. */
export function identitiesAsked(
  rest: Example,
  given: readonly CallerLandmarks[],
  free: (identity: string) => boolean,
): Part<Example> {
  const named = given.flatMap(({ identities }) => identities);
  return oneOfEach(
    rest,
    named,
    meetings,
    (identity) => given.map(({ identityKey }) => identityKey(identity)).join(),
    free,
  );
}

/** One example of each key, of those given and of what several of them have in common; `rest` is the last. */
function oneOfEach(
  rest: Example,
  named: readonly Example[],
  meet: (a: Example, b: Example) => readonly string[],
  keyOf: (text: string) => string,
  free: (text: string) => boolean = () => true,
): Part<Example> {
  const found = new Map<string, Example>([[keyOf(rest.value), rest]]);
  const tried = new Set<string>([rest.value]);
  /** Whether nothing like it was there. */
  const take = (each: Example): boolean => {
    if (tried.has(each.value) || !free(each.value)) return false;
    tried.add(each.value);
    const key = keyOf(each.value);
    if (found.has(key)) return false;
    found.set(key, each);
    return true;
  };
  for (const each of named) take(each);
  // What two have in common may have something in common with a third.
  const open: Example[] = [{ ...rest, open: 'between' }, ...named.filter((each) => each.open !== undefined)];
  for (let at = 1; at < open.length; at += 1)
    for (let before = 0; before < at; before += 1) {
      const [a, b] = [open[before] ?? rest, open[at] ?? rest];
      if (tried.size > most.meetings) return { asked: last(found), whole: false };
      const how = a.open === 'within' || b.open === 'within' ? 'within' : 'between';
      for (const value of [...meet(a, b), ...meet(b, a)])
        if (take({ label: value, value })) open.push({ label: value, value, open: how });
    }
  return { asked: last(found), whole: true };
}

/** The first of them is what no other stands for. */
function last(found: ReadonlyMap<string, Example>): readonly Example[] {
  const [rest, ...named] = found.values();
  return rest === undefined ? named : [...named, rest];
}

/** The beginning of one with the end of the other, cut between segments, or within one where both go on there. */
function meetings(a: Example, b: Example): string[] {
  const [from, to] = [a.value.split('/'), b.value.split('/')];
  const joined = a.open === 'within' && b.open === 'within';
  return from.flatMap((segment, at) => {
    const begin = from.slice(0, at);
    const end = to.slice(at + 1);
    const cut = [...begin, segment, ...end].join('/');
    return joined && at < to.length ? [cut, [...begin, `${segment}${to[at] ?? ''}`, ...end].join('/')] : [cut];
  });
}

function headersOf(text: string): Record<string, string> {
  const at = text.indexOf(': ');
  return at < 0 ? {} : { [text.slice(0, at)]: text.slice(at + 2) };
}

/** Each port that policies or the pod itself know, and one of all others; the proxy's own are no policy's. */
export function portsAsked(
  given: readonly (readonly number[])[],
  called: Called,
  proxy: readonly number[],
): AskedPort[] {
  const own = [
    ...called.ports.map(({ containerPort }) => containerPort),
    ...(called.probes ?? []).map(({ port }) => port),
  ];
  const known = new Set(
    [...own, ...given.flat()].filter((port) => port >= 1 && port <= 65_535 && !proxy.includes(port)),
  );
  let other = 1;
  while (known.has(other) || proxy.includes(other)) other += 1;
  return [
    ...[...known].toSorted((a, b) => a - b).map((port) => ({ label: `${port}/TCP`, port })),
    { label: known.size === 0 ? 'any/TCP' : 'any other/TCP', port: other },
  ];
}
