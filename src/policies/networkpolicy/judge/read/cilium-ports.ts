/** Ports, ICMP types and application protocols of a Cilium rule. */
import { plainName } from '../endpoint.ts';
import { type Flow, type Match, match, type PortTest, type Rule } from '../policy.ts';
import { anyPort, namedPort, portRange } from '../tests.ts';
import { type CiliumPorts, type Icmps, icmpTypes } from './cilium-schema.ts';
import { namePattern } from './dns-names.ts';

/** ICMP has no ports, so no list of ports lets it through. */
export function portTests({ ports }: Pick<CiliumPorts, 'ports'>): PortTest[] {
  if ((ports ?? []).length === 0) return [anyPort];
  return (ports ?? []).map(({ port, endPort, protocol }) => {
    const own = protocol === undefined || protocol === 'ANY' ? null : protocol;
    if (!/^\d+$/.test(port)) return namedPort(own, port.toLowerCase(), 'no');
    const first = Number(port);
    return portRange(own, first === 0 ? null : first, first === 0 || endPort === 0 ? null : (endPort ?? null), 'no');
  });
}

export function icmpTests(icmps: Icmps): PortTest[] {
  return (icmps ?? []).flatMap(({ fields }) =>
    (fields ?? []).map(({ family, type }): PortTest => {
      const number = typeof type === 'number' || /^\d+$/.test(type) ? Number(type) : icmpTypes[family][type];
      return {
        label: `ICMP${family === 'IPv6' ? 'v6' : ''} type ${number}`,
        matches(flow) {
          const own = familyOf(flow);
          if (own === null) return 'no';
          if (own !== family) return own === 'either' ? 'maybe' : 'no';
          return flow.icmpType === undefined ? 'maybe' : match(flow.icmpType === number);
        },
      };
    }),
  );
}

/** `ICMP` says the family only together with the addresses. */
function familyOf({ protocol, src, dst }: Flow): 'IPv4' | 'IPv6' | 'either' | null {
  if (protocol === 'ICMPv6') return 'IPv6';
  if (protocol !== 'ICMP') return null;
  const families = new Set(
    [src, dst].flatMap(({ addresses }) => (addresses.length === 1 ? addresses.map(({ family }) => family) : [])),
  );
  return families.size === 1 && families.has(6) ? 'IPv6' : families.size === 0 || families.has(4) ? 'IPv4' : 'either';
}

/** What the request must be like; undefined where the connection alone decides. */
export function requestOf({ rules, serverNames, listener, terminatingTLS }: CiliumPorts): Rule['request'] {
  const tls = serverNames !== undefined || listener !== undefined || terminatingTLS !== undefined;
  if (rules === undefined) return tls ? () => 'maybe' : undefined;
  const { http, dns } = rules;
  if (http !== undefined && http.length > 0)
    return (flow) =>
      flow.http === undefined && !http.some(saysNothing)
        ? 'maybe'
        : anyOf(http.map((each) => () => httpMatch(each, flow)));
  if (dns !== undefined && dns.length > 0) {
    const patterns = dns.map(({ matchName, matchPattern }) => {
      const name = plainName(matchName ?? matchPattern ?? '');
      return matchName === undefined ? namePattern(name, 'pattern') : (each: string) => each === name;
    });
    const all = dns.some(({ matchPattern }) => matchPattern === '*');
    return ({ dnsName }) =>
      all ? 'yes' : dnsName === undefined ? 'maybe' : match(patterns.some((each) => each(plainName(dnsName))));
  }
  return () => 'maybe';
}

type Http = NonNullable<NonNullable<CiliumPorts['rules']>['http']>[number];

function saysNothing({ method, path, host, headers, headerMatches }: Http): boolean {
  return (
    [method, path, host].every((each) => each === undefined || each === '') &&
    (headers ?? []).length + (headerMatches ?? []).length === 0
  );
}

/** Method, path and host are regular expressions that must cover the whole text. */
function httpMatch(rule: Http, { http }: Flow): Match {
  if (saysNothing(rule)) return 'yes';
  if (http === undefined) return 'maybe';
  const { method, path, host } = rule;
  const full = (pattern: string | undefined, text: string): boolean =>
    pattern === undefined || pattern === '' || new RegExp(`^(?:${pattern})$`).test(text);
  if (!full(method, http.method) || !full(path, http.path)) return 'no';
  if (host !== undefined && host !== '' && http.host === undefined) return 'maybe';
  if (!full(host, http.host ?? '')) return 'no';
  const wanted = [
    ...(rule.headers ?? []).map((line) => {
      const [name = '', ...value] = line.split(' ');
      return { name: name.replace(/:$/, ''), value: value.length === 0 ? undefined : value.join(' ') };
    }),
    ...(rule.headerMatches ?? []),
  ];
  if (wanted.length === 0) return 'yes';
  const { headers } = http;
  if (headers === undefined) return 'maybe';
  const own = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return match(
    wanted.every(
      ({ name, value }) =>
        own.has(name.toLowerCase()) && (value === undefined || own.get(name.toLowerCase()) === value),
    ),
  );
}

function anyOf(tests: readonly (() => Match)[]): Match {
  let best: Match = 'no';
  for (const test of tests) {
    const found = test();
    if (found === 'yes') return 'yes';
    if (found === 'maybe') best = 'maybe';
  }
  return best;
}
