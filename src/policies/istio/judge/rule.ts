/**
 * One rule against one call. Envoy's filter for HTTP sees every field; the one for other connections has no words for
 * some (pilot/pkg/security/authz/model): there an ALLOW rule with such a field is dropped as a whole, of any other
 * action the field alone. The same holds for ztunnel, whatever the connection carries.
 */
import { all, any, either, not, type Truth, truth } from '../../three-valued.ts';
import type { HttpRequest } from '../../calls.ts';
import { pathMatches } from './paths.ts';
import type { Condition, Operation, Rule, Source } from './schema.ts';
import {
  accountMatches,
  addressMatches,
  namespaceMatches,
  patternMatches,
  principalMatches,
  textMatches,
  type Told,
  trustDomainMatches,
} from './texts.ts';

/** What a proxy sees. */
export interface Seen {
  /** Without `spiffe://`. */
  readonly identity: Told;
  readonly ips: readonly string[];
  readonly destinationIps: readonly string[];
  /** Several where it is not known which of them the proxy compares. */
  readonly ports: readonly number[];
  /** Null for no HTTP; undefined where nobody told. */
  readonly http: HttpRequest | null | undefined;
}

export interface Frame {
  readonly action: 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM';
  /** Of the policy. */
  readonly namespace: string;
  readonly trustDomains: readonly string[];
  /** False for ztunnel, which reads no HTTP. */
  readonly readsHttp: boolean;
}

/** `whole` is the rule as it was written, where `rule` is a part of it: it is dropped with all its parts. */
export function ruleMatches(rule: Rule, seen: Seen, frame: Frame, whole: Rule = rule): Truth {
  const plain = (): Truth => (frame.action === 'ALLOW' && hasHttpOnly(whole) ? 'no' : matches(rule, seen, frame, true));
  if (!frame.readsHttp || seen.http === null) return plain();
  const asHttp = matches(rule, seen, frame, false);
  return seen.http === undefined && hasHttpOnly(whole) ? either(asHttp, plain()) : asHttp;
}

const httpSource: readonly (keyof Source)[] = ['requestPrincipals', 'notRequestPrincipals'];
const httpOperation: readonly (keyof Operation)[] = ['hosts', 'notHosts', 'methods', 'notMethods', 'paths', 'notPaths'];

function isHttpKey(key: string): boolean {
  return key.startsWith('request.');
}

function hasHttpOnly({ from, to, when }: Rule): boolean {
  return (
    (from ?? []).some(({ source }) => httpSource.some((field) => (source[field] ?? []).length > 0)) ||
    (to ?? []).some(({ operation }) => httpOperation.some((field) => (operation[field] ?? []).length > 0)) ||
    (when ?? []).some(({ key }) => isHttpKey(key))
  );
}

function matches({ from, to, when }: Rule, seen: Seen, frame: Frame, plain: boolean): Truth {
  const sources = (from ?? []).map(({ source }) => sourceMatches(source, seen, frame, plain));
  const who = sources.length === 0 ? 'yes' : any(sources);
  // Most rules are about other clients.
  if (who === 'no') return 'no';
  const operations = (to ?? []).map(({ operation }) => operationMatches(operation, seen, plain));
  const conditions = (when ?? [])
    .filter(({ key }) => !(plain && isHttpKey(key)))
    .map((each) => conditionMatches(each, seen, frame));
  return all([who, operations.length === 0 ? 'yes' : any(operations), ...conditions]);
}

type List = readonly string[] | null | undefined;

/** Any of the values, and none of the others; a list that is not there asks nothing. */
function lists(values: List, notValues: List, test: (value: string) => Truth): Truth {
  const wanted = (values ?? []).length === 0 ? 'yes' : any((values ?? []).map(test));
  return all([wanted, not(any((notValues ?? []).map(test)))]);
}

function sourceMatches(source: Source, { identity, ips }: Seen, frame: Frame, plain: boolean): Truth {
  const domains = frame.trustDomains;
  return all([
    lists(source.principals, source.notPrincipals, (value) => principalMatches(value, identity, domains)),
    lists(source.namespaces, source.notNamespaces, (value) => namespaceMatches(value, identity)),
    lists(source.serviceAccounts, source.notServiceAccounts, (value) =>
      accountMatches(value, identity, frame.namespace),
    ),
    lists(source.trustDomains, source.notTrustDomains, (value) => trustDomainMatches(value, identity, domains)),
    lists(source.ipBlocks, source.notIpBlocks, (value) => addressMatches(value, ips)),
    // X-Forwarded-For or the PROXY protocol tell it, and how many proxies are trusted is the mesh's setting.
    lists(source.remoteIpBlocks, source.notRemoteIpBlocks, () => 'maybe'),
    plain ? 'yes' : lists(source.requestPrincipals, source.notRequestPrincipals, () => 'maybe'),
  ]);
}

function operationMatches(operation: Operation, { ports, http }: Seen, plain: boolean): Truth {
  const port = portsMatch(operation.ports, operation.notPorts, ports);
  if (plain) return port;
  return all([
    port,
    lists(operation.hosts, operation.notHosts, (value) =>
      textMatches(value.toLowerCase(), http?.host?.toLowerCase(), patternMatches),
    ),
    lists(operation.methods, operation.notMethods, (value) => textMatches(value, http?.method)),
    lists(operation.paths, operation.notPaths, (value) => textMatches(value, http?.path, pathMatches)),
  ]);
}

/** Whichever of the ports it is. */
function portsMatch(values: List, notValues: List, ports: readonly number[]): Truth {
  const each = ports.map((port) => lists(values, notValues, (value) => truth(Number(value) === port)));
  return all(each) === any(each) ? any(each) : 'maybe';
}

function conditionMatches({ key, values, notValues }: Condition, seen: Seen, frame: Frame): Truth {
  if (key === 'destination.port') return portsMatch(values, notValues, seen.ports);
  return lists(values, notValues, (value) => conditionHolds(key, value, seen, frame));
}

function conditionHolds(key: string, value: string, seen: Seen, frame: Frame): Truth {
  switch (key) {
    case 'source.ip':
      return addressMatches(value, seen.ips);
    case 'source.namespace':
      return namespaceMatches(value, seen.identity);
    case 'source.principal':
      return principalMatches(value, seen.identity, frame.trustDomains);
    case 'destination.ip':
      return addressMatches(value, seen.destinationIps);
    default:
      return headerMatches(key, value, seen);
  }
}

/** Of what the application said, headers alone may be told; claims, SNI and filters' metadata never are. */
function headerMatches(key: string, value: string, { http }: Seen): Truth {
  const [, name] = /^request\.headers\[(.+)\]$/.exec(key) ?? [];
  if (name === undefined || http?.headers === undefined) return 'maybe';
  const found = Object.entries(http.headers).find(([each]) => each.toLowerCase() === name.toLowerCase());
  return textMatches(value, found?.[1] ?? null);
}
