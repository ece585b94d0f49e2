/** AuthorizationPolicy with what it requires → who passes: every requirement must hold, one of each kind at most. */
import { contains, parseAddress, parseNetwork, single } from '#kubernetes/addresses.ts';
import { all, any, not, type Truth, truth } from '../../three-valued.ts';
import type { Reading } from '../options.ts';
import {
  type AuthenticationRef,
  type AuthorizationPolicyObject,
  isIdentities,
  isNetworks,
  type MeshTlsAuthenticationObject,
  type NetworkAuthenticationObject,
} from './schema.ts';

/** One identity or network that passes: the smallest grant. */
export interface Authorization {
  /** `AuthorizationPolicy shop/web-8080`. */
  readonly policy: string;
  /** `*` for any, `*.` for all below a name; null for nobody in particular. */
  readonly identity: string | null;
  readonly network: { readonly cidr: string; readonly except: readonly string[] } | null;
}

export interface Client {
  /** Null for none; undefined where it is not known. */
  readonly identity: string | null | undefined;
  readonly ips: readonly string[];
}

export interface AuthenticationIndex {
  readonly identities: Map<string, MeshTlsAuthenticationObject>;
  readonly networks: Map<string, NetworkAuthenticationObject>;
}

/** Empty where an object that it requires is not there: then the controller ignores it. */
export function authentications(
  { metadata, spec }: AuthorizationPolicyObject,
  index: AuthenticationIndex,
  reading: Reading,
): Authorization[] {
  const { namespace } = metadata;
  const policy = `AuthorizationPolicy ${namespace}/${metadata.name}`;
  const refs = spec.requiredAuthenticationRefs;
  const identities = refs.filter(isIdentities).map((ref) => identitiesOf(ref, namespace, index, reading));
  const networks = refs
    .filter(isNetworks)
    .map((ref) => index.networks.get(`${ref.namespace ?? namespace}/${ref.name}`)?.spec.networks ?? null);
  if (identities.includes(null) || networks.includes(null)) return [];
  const who = identities[0] ?? [null];
  const where = networks[0]?.map(({ cidr, except }) => ({ cidr, except: except ?? [] })) ?? [null];
  return who.flatMap((identity) => where.map((network) => ({ policy, identity, network })));
}

function identitiesOf(
  ref: AuthenticationRef,
  own: string,
  { identities }: AuthenticationIndex,
  reading: Reading,
): string[] | null {
  const namespace = ref.namespace ?? own;
  if (ref.kind === 'ServiceAccount') return [identityOf(namespace, ref.name, reading)];
  const found = identities.get(`${namespace}/${ref.name}`);
  if (found === undefined) return null;
  const { spec } = found;
  if (spec.identities !== undefined) return spec.identities.map((each) => each.replace(/\.$/, ''));
  return (spec.identityRefs ?? []).map((each) => {
    if (each.kind === 'Namespace') return each.name === undefined ? '*' : `*.${identityOf(each.name, null, reading)}`;
    const place = each.namespace ?? namespace;
    return each.name === undefined ? `*.${identityOf(place, null, reading)}` : identityOf(place, each.name, reading);
  });
}

/** `web.shop.serviceaccount.identity.linkerd.cluster.local`; of a whole namespace what stands behind the account. */
export function identityOf(
  namespace: string,
  account: string | null,
  { controlNamespace, trustDomain }: Pick<Reading, 'controlNamespace' | 'trustDomain'>,
): string {
  const rest = `${namespace}.serviceaccount.identity.${controlNamespace}.${trustDomain}`;
  return account === null ? rest : `${account}.${rest}`;
}

export function passes({ identity, network }: Authorization, client: Client): Truth {
  return all([
    identity === null ? 'yes' : identityMatches(identity, client.identity),
    network === null
      ? 'yes'
      : all([within(network.cidr, client.ips), not(any(network.except.map((each) => within(each, client.ips))))]),
  ]);
}

export function identityMatches(pattern: string, identity: Client['identity']): Truth {
  if (identity === undefined) return 'maybe';
  if (identity === null) return 'no';
  if (pattern === '*') return 'yes';
  return truth(pattern.startsWith('*.') ? identity.endsWith(pattern.slice(1)) : identity === pattern);
}

/** An end may have several addresses: which of them it used is not known. */
export function within(text: string, ips: readonly string[]): Truth {
  const address = parseAddress(text);
  const range = address === null ? parseNetwork(text) : single(address);
  if (range === null || ips.length === 0) return 'maybe';
  const each = ips.map((ip) => {
    const own = parseAddress(ip);
    return own === null ? ('maybe' as const) : truth(contains(range, own));
  });
  return all(each) === any(each) ? any(each) : 'maybe';
}

/** Words that do not depend on where it stands. */
export function authorizationText({ identity, network }: Authorization): string {
  const { cidr = '', except = [] } = network ?? {};
  const where = `${cidr}${except.length > 0 ? ` except ${except.join(', ')}` : ''}`;
  return (
    [...(identity === null ? [] : [`identity ${identity}`]), ...(network === null ? [] : [`network ${where}`])].join(
      ' and ',
    ) || 'anybody'
  );
}
