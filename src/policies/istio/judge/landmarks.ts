/** What Istio's policies tell apart: their words, and for each pattern texts that it matches. */
import { type Network, parseAddress, parseNetwork, single } from '#kubernetes/addresses.ts';
import type { CallerLandmarks, Example, RequestLandmarks } from '../../call-landmarks.ts';
import { pathMatches } from './paths.ts';
import type { Policy } from './read.ts';
import type { Condition, Operation, Source } from './schema.ts';
import { accountMatches, inOwnDomains, namespaceMatches, principalMatches, trustDomainMatches } from './texts.ts';

interface Words {
  readonly sources: readonly Source[];
  readonly operations: readonly Operation[];
  readonly conditions: readonly Condition[];
}

const known = new WeakMap<Policy, Words>();

function wordsOf(policy: Policy): Words {
  const before = known.get(policy);
  if (before !== undefined) return before;
  const words = {
    sources: policy.rules.flatMap(({ from }) => (from ?? []).map(({ source }) => source)),
    operations: policy.rules.flatMap(({ to }) => (to ?? []).map(({ operation }) => operation)),
    conditions: policy.rules.flatMap(({ when }) => when ?? []),
  };
  known.set(policy, words);
  return words;
}

type Lists = Readonly<Record<string, readonly string[] | null | undefined>>;

/** The values of fields of the names, and of those that must not be. */
function valuesOf(all: readonly Lists[], ...names: readonly string[]): string[] {
  const fields = names.flatMap((name) => [name, `not${(name[0] ?? '').toUpperCase()}${name.slice(1)}`]);
  return [...new Set(all.flatMap((each) => fields.flatMap((field) => each[field] ?? [])))];
}

function conditionsOf(all: readonly Condition[], key: string): string[] {
  return valuesOf(
    all.flatMap(({ key: own, values, notValues }) => (own === key ? [{ values, notValues }] : [])),
    'values',
  );
}

export function portsOf(policies: readonly Policy[]): number[] {
  const words = policies.map(wordsOf);
  return [
    ...valuesOf(
      words.flatMap(({ operations }) => operations),
      'ports',
    ),
    ...conditionsOf(
      words.flatMap(({ conditions }) => conditions),
      'destination.port',
    ),
  ].map(Number);
}

export function callersOf(
  policies: readonly Policy[],
  trustDomains: readonly string[],
  identityOf: (namespace: string, account: string) => string,
): CallerLandmarks {
  const sources = policies.flatMap((policy) => wordsOf(policy).sources);
  const conditions = policies.flatMap((policy) => wordsOf(policy).conditions);
  const blocks = [...valuesOf(sources, 'ipBlocks'), ...conditionsOf(conditions, 'source.ip')];
  const namespaces = [...valuesOf(sources, 'namespaces'), ...conditionsOf(conditions, 'source.namespace')];
  const accounts = [
    ...new Set(
      policies.flatMap((policy) =>
        valuesOf(wordsOf(policy).sources, 'serviceAccounts').map((text) =>
          text.includes('/') ? text : `${policy.namespace}/${text}`,
        ),
      ),
    ),
  ];
  const principals = [...valuesOf(sources, 'principals'), ...conditionsOf(conditions, 'source.principal')];
  const domains = valuesOf(sources, 'trustDomains');
  return {
    networks: blocks.flatMap(networkOf),
    identities: [
      ...principals.flatMap((word) => inOwnDomains(word, trustDomains).flatMap(principalExamples)),
      ...accounts.map((text) => made(identityOf(text.split('/')[0] ?? '', text.split('/')[1] ?? ''))),
      ...namespaces.map((text) => ({
        ...made(identityOf(plain(text), 'other')),
        ...(text.includes('*') ? { open: 'within' as const } : {}),
      })),
      ...domains.map((domain) => made(`${plain(domain)}/ns/other/sa/other`)),
      made('other.example/ns/other/sa/other'),
    ],
    identityKey: (identity) =>
      [
        ...principals.map((word) => principalMatches(word, identity, trustDomains)),
        ...accounts.map((word) => accountMatches(word, identity, '')),
        ...namespaces.map((word) => namespaceMatches(word, identity)),
        ...domains.map((word) => trustDomainMatches(word, identity, trustDomains)),
      ].join(),
  };
}

function made(value: string): Example {
  return { label: value, value, open: 'between' };
}

function networkOf(text: string): Network[] {
  const address = parseAddress(text);
  const range = address === null ? parseNetwork(text) : single(address);
  return range === null ? [] : [range];
}

/** A pattern's text with something in place of its star. */
function plain(text: string): string {
  return text.replaceAll('*', 'other');
}

/** Where a pattern says nothing, it is met by an account that nobody has. */
function principalExamples(pattern: string): Example[] {
  if (pattern === '*') return [];
  if (!/^\*|\*$/.test(pattern)) return [{ label: pattern, value: pattern }];
  const rest = ['other.example', 'ns', 'other', 'sa', 'other'];
  const parts = pattern.replace(/^\*|\*$/, '').split('/');
  if (pattern.startsWith('*')) {
    const [cut = '', ...end] = parts;
    const before = rest.slice(0, Math.max(1, rest.length - end.length));
    const last = before.pop() ?? '';
    const value = [...before, last.endsWith(cut) ? last : `${last}${cut}`, ...end].join('/');
    return [{ label: pattern, value, open: cut === '' ? 'between' : 'within' }];
  }
  const cut = parts.pop() ?? '';
  const [next = 'x', ...after] = rest.slice(parts.length);
  const value = [...parts, next.startsWith(cut) ? next : `${cut}x`, ...after].join('/');
  return [{ label: pattern, value, open: cut === '' ? 'between' : 'within' }];
}

export function requestsOf(policies: readonly Policy[]): RequestLandmarks {
  const operations = policies.flatMap((policy) => wordsOf(policy).operations);
  const conditions = policies.flatMap((policy) => wordsOf(policy).conditions);
  return {
    methods: valuesOf(operations, 'methods').flatMap(textExamples),
    hosts: valuesOf(operations, 'hosts').flatMap(textExamples),
    paths: valuesOf(operations, 'paths').flatMap(pathExamples),
    queries: [],
    headers: [...new Set(conditions.map(({ key }) => key))].flatMap((key) => {
      const [, name] = /^request\.headers\[(.+)\]$/.exec(key) ?? [];
      if (name === undefined) return [];
      return conditionsOf(conditions, key)
        .flatMap(textExamples)
        .map(({ label, value }) => ({ label: `with ${name}: ${label}`, value: `${name}: ${value}` }));
    }),
  };
}

/** Which of the policies' words about paths mean one. */
export function pathKeyOf(policies: readonly Policy[]): (path: string) => string {
  const patterns = valuesOf(
    policies.flatMap((policy) => wordsOf(policy).operations),
    'paths',
  );
  return (path) => patterns.map((pattern) => pathMatches(pattern, path)).join();
}

/** `*` alone is met by any other text. */
function textExamples(pattern: string): Example[] {
  if (pattern === '*') return [];
  if (pattern.startsWith('*')) return [{ label: pattern, value: `X${pattern.slice(1)}`, open: 'within' }];
  if (!pattern.endsWith('*')) return [{ label: pattern, value: pattern }];
  const begin = pattern.slice(0, -1);
  return [begin, `${begin}X`].map((value) => ({ label: pattern, value, open: 'within' }));
}

/** A template with a word of its own in each open segment, and with tails of several lengths. */
function pathExamples(pattern: string): Example[] {
  if (!/\{\*\*?\}/.test(pattern))
    return textExamples(pattern).map((each) => ({
      ...each,
      value: each.value.startsWith('/') ? each.value : `/${each.value}`,
    }));
  const filled = pattern.replaceAll('{*}', 'x');
  const all = filled.includes('{**}') ? ['', 'x', 'x/x'].map((tail) => filled.replace('{**}', tail)) : [filled];
  return all.map((value) => ({ label: pattern, value, open: 'within' }));
}
