/** Which addresses are the cluster's own, so that one that nobody has is not taken for the world outside. */
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Cidr = readonly [Address, number];

/** To know that there are ranges that nodes do not tell. */
const enough = 64;

export class Ranges {
  readonly #given: readonly Cidr[];
  readonly #byNode = new Map<string, { readonly name: string; readonly cidrs: readonly Cidr[] }>();
  /** Addresses of pods that lay in no range when they were met; nodes may be told later. */
  readonly #outside = new Set<string>();

  constructor(given: readonly string[]) {
    this.#given = given.map((each) => ipaddr.parseCIDR(each));
  }

  put(uid: string, name: string, podCidrs: readonly string[]): void {
    const cidrs = podCidrs.flatMap((each): Cidr[] => (ipaddr.isValidCIDR(each) ? [ipaddr.parseCIDR(each)] : []));
    this.#byNode.set(uid, { name, cidrs });
  }

  remove(uid: string): void {
    this.#byNode.delete(uid);
  }

  /** Pods have these addresses. */
  met(ips: readonly string[]): void {
    for (const ip of ips)
      if (this.#outside.size < enough && ipaddr.isValid(ip) && !this.#within(ip)) this.#outside.add(ip);
  }

  /**
   * Whether an address that nobody has is the cluster's. Where pods live outside of the ranges that nodes tell,
   * every private address may be, unless a name led to it.
   */
  holds(ip: string, named: boolean): boolean {
    if (this.#within(ip)) return true;
    const address = ipaddr.parse(ip);
    const unknown = [...this.#outside].some(
      (each) => ipaddr.parse(each).kind() === address.kind() && !this.#within(each),
    );
    return unknown && !named && ['private', 'uniqueLocal', 'carrierGradeNat'].includes(address.range());
  }

  /** The node whose range begins with this address: many network plugins let it speak to its pods by that one. */
  gatewayOf(ip: string): string | null {
    const address = ipaddr.parse(ip);
    for (const { name, cidrs } of this.#byNode.values())
      if (cidrs.some(([network]) => isFirst(address, network))) return name;
    return null;
  }

  #within(ip: string): boolean {
    if (!ipaddr.isValid(ip)) return false;
    const address = ipaddr.parse(ip);
    return [...this.#given, ...[...this.#byNode.values()].flatMap(({ cidrs }) => cidrs)].some(
      ([network, bits]) => network.kind() === address.kind() && address.match(network, bits),
    );
  }
}

function isFirst(address: Address, network: Address): boolean {
  if (address.kind() !== network.kind()) return false;
  const own = address.toByteArray();
  const first = network.toByteArray();
  first[first.length - 1] = (first.at(-1) ?? 0) + 1;
  return own.every((byte, at) => byte === first[at]);
}

/** The machine itself, its link, groups: addresses that mean nobody in particular, in a cluster or outside. */
export function specialPurpose(ip: string): boolean {
  return ['unspecified', 'loopback', 'linkLocal', 'multicast', 'broadcast'].includes(ipaddr.parse(ip).range());
}
