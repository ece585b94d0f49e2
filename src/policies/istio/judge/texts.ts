/** Strings of a policy against strings of a call: exact, `prefix*`, `*suffix`, and `*` for anything that is there. */
import { contains, parseAddress, parseNetwork, single } from '#kubernetes/addresses.ts';
import { all, any, type Truth, truth } from '../../three-valued.ts';

/** Undefined for what nobody told, null for what is not there. */
export type Told = string | null | undefined;

export function patternMatches(pattern: string, text: string): Truth {
  if (pattern === '*') return truth(text !== '');
  if (pattern.startsWith('*')) return truth(text.endsWith(pattern.slice(1)));
  if (pattern.endsWith('*')) return truth(text.startsWith(pattern.slice(0, -1)));
  return truth(text === pattern);
}

export function textMatches(pattern: string, text: Told, matches = patternMatches): Truth {
  if (text === undefined) return 'maybe';
  return text === null ? 'no' : matches(pattern, text);
}

/** Of the mesh's own trust domains, whichever it has. */
export function principalMatches(value: string, identity: Told, domains: readonly string[]): Truth {
  return any(inOwnDomains(value, domains).map((each) => principalIs(each, identity)));
}

/** Principals are compared with a SPIFFE identity without its scheme; a suffix is part of a regular expression. */
function principalIs(pattern: string, identity: Told): Truth {
  if (identity === undefined || identity === null || !pattern.startsWith('*') || pattern === '*')
    return textMatches(pattern, identity);
  try {
    return truth(new RegExp(`^spiffe://.*${pattern.slice(1)}$`).test(`spiffe://${identity}`));
  } catch {
    return 'maybe';
  }
}

/** `*` stands for any text within a namespace's name. */
export function namespaceMatches(pattern: string, identity: Told): Truth {
  const name = pattern.replaceAll(/[\\^$.|?+()[\]{}]/g, '\\$&').replaceAll('*', '.*');
  return textMatches(pattern, identity, (_, text) => truth(new RegExp(`/ns/${name}/`).test(`/${text}`)));
}

/** `account` of the policy's namespace, or `namespace/account`, in any trust domain. */
export function accountMatches(pattern: string, identity: Told, ownNamespace: string): Truth {
  const [first = '', second] = pattern.split('/');
  const [namespace, account] = second === undefined ? [ownNamespace, first] : [first, second];
  return textMatches(pattern, identity, (_, text) =>
    truth(text.includes(`/ns/${namespace}/`) && (text.endsWith(`/sa/${account}`) || text.includes(`/sa/${account}/`))),
  );
}

/** One of the mesh's own stands for them all. */
export function trustDomainMatches(pattern: string, identity: Told, domains: readonly string[]): Truth {
  const own = typeof identity === 'string' ? (identity.split('/')[0] ?? '') : identity;
  return any((domains.includes(pattern) ? domains : [pattern]).map((each) => textMatches(each, own)));
}

/** An end may have several addresses: which of them it used is not known. */
export function addressMatches(block: string, ips: readonly string[]): Truth {
  const address = parseAddress(block);
  const range = address === null ? parseNetwork(block) : single(address);
  if (range === null || ips.length === 0) return 'maybe';
  const each = ips.map((ip) => {
    const own = parseAddress(ip);
    return own === null ? ('maybe' as const) : truth(contains(range, own));
  });
  return all(each) === any(each) ? any(each) : 'maybe';
}

const known = new WeakMap<readonly string[], Map<string, readonly string[]>>();

/** A principal stands for itself in every trust domain that is the mesh's own; `cluster.local` always is. */
export function inOwnDomains(principal: string, domains: readonly string[]): readonly string[] {
  const own = known.get(domains) ?? new Map<string, readonly string[]>();
  known.set(domains, own);
  const found = own.get(principal) ?? standingFor(principal, domains);
  own.set(principal, found);
  return found;
}

function standingFor(principal: string, domains: readonly string[]): string[] {
  const parts = principal.split('/');
  const [domain = ''] = parts;
  if (parts.length !== 5 || domain === '*') return [principal];
  const isSuffix = domain.startsWith('*');
  const fits = (own: string): boolean => (isSuffix ? own.endsWith(domain.slice(1)) : own === domain);
  if (!domains.some(fits) && domain !== 'cluster.local') return [principal];
  return [...new Set(domains.map((own) => (isSuffix && fits(own) ? principal : [own, ...parts.slice(1)].join('/'))))];
}
