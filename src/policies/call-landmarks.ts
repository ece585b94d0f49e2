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
  /** The words mean other texts, too, so that those of two policies may meet in one. */
  readonly open?: boolean;
}

/** Whom policies tell apart, wherever they call. */
export interface CallerLandmarks {
  readonly networks: readonly Network[];
  /** As the mesh writes them. */
  readonly identities: readonly Example[];
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

const others = { method: 'OTHER', path: '/~other', host: 'other.invalid' };
/** Beyond this, what is asked grows faster than what it tells. */
const most = 4096;

/** One request of each kind that policies tell apart, and what is no HTTP; null where there are too many. */
export function requestsAsked(given: readonly CalledLandmarks[]): AskedRequest[] | null {
  const of = (field: keyof RequestLandmarks): readonly Example[] => given.flatMap(({ requests }) => requests[field]);
  const rest: Example = { label: 'any other path', value: others.path };
  const [methods, paths, queries, hosts, headers] = [
    choices(withMeetings(of('methods'), joined), { label: 'any other method', value: others.method }),
    pathsApart([rest, ...withMeetings(of('paths'), meetings)], (path) =>
      given.map(({ pathKey }) => pathKey(path)).join(),
    ),
    choices(
      withMeetings(of('queries'), () => []),
      { label: '', value: '' },
    ),
    choices(withMeetings(of('hosts'), joined), { label: 'of any other host', value: others.host }),
    choices(
      withMeetings(of('headers'), () => []),
      { label: '', value: '' },
    ),
  ];
  if (methods.length * paths.length * queries.length * hosts.length * headers.length > most) return null;
  const found: AskedRequest[] = [{ label: 'other than HTTP', http: null }];
  for (const method of methods)
    for (const path of paths)
      for (const query of queries)
        for (const host of hosts)
          for (const header of headers) {
            const label = [method, path, query, host, header].map((each) => each.label).filter((each) => each !== '');
            found.push({
              label: label.length === 0 ? 'HTTP' : label.join(' '),
              http: {
                method: method.value,
                path: `${path.value}${query.value === '' ? '' : `${path.value.includes('?') ? '&' : '?'}${query.value}`}`,
                host: host.value,
                headers: headersOf(header.value),
              },
            });
          }
  return found;
}

/** With nothing told apart, one that needs no word. */
function choices(named: readonly Example[], rest: Example): readonly Example[] {
  const all = [...new Map(named.map((each) => [each.value, each])).values()];
  return all.length === 0 ? [{ label: '', value: rest.value }] : [...all, rest];
}

/** One path of each key; the first of them is all others. */
function pathsApart(all: readonly Example[], keyOf: (path: string) => string): readonly Example[] {
  const [rest, ...named] = all;
  if (rest === undefined || named.length === 0) return [{ label: '', value: others.path }];
  const found = new Map<string, Example>([[keyOf(rest.value), rest]]);
  for (const each of named) if (!found.has(keyOf(each.value))) found.set(keyOf(each.value), each);
  return [...[...found.values()].slice(1), rest];
}

/** What two open examples may have in common, beside them. So many are looked at, and no more. */
export function withMeetings(
  all: readonly Example[],
  meet: (a: string, b: string) => readonly string[],
): readonly Example[] {
  const open = all.filter((each) => each.open === true).slice(0, 100);
  const met = open.flatMap((a) => open.flatMap((b) => (a === b ? [] : meet(a.value, b.value))));
  return [...all, ...[...new Set(met)].map((value) => ({ label: value, value }))];
}

/** The beginning of one with the end of the other, cut between segments, and both of them. */
export function meetings(a: string, b: string): string[] {
  const [from, to] = [a.split('/'), b.split('/')];
  return [...from.map((_, at) => [...from.slice(0, at + 1), ...to.slice(at + 1)].join('/')), `${a}${b}`];
}

function joined(a: string, b: string): string[] {
  return [`${a}${b}`];
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
