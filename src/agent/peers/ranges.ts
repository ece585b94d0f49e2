/** Which addresses are the cluster's own, so that one that nobody has is not taken for the world outside. */
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Cidr = readonly [Address, number];

export class Ranges {
  readonly #given: readonly Cidr[];
  readonly #byNode = new Map<string, { readonly name: string; readonly cidrs: readonly Cidr[] }>();
  /** A pod had an address outside of all nodes' ranges: the network plugin has ranges of its own. */
  #elsewhere = false;

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
    if (!this.#elsewhere && this.#byNode.size > 0) this.#elsewhere = ips.some((ip) => !this.#within(ip));
  }

  /**
   * Whether an address that nobody has is the cluster's. Where pods live outside of the ranges that nodes tell,
   * every private address may be, unless a name led to it.
   */
  holds(ip: string, named: boolean): boolean {
    if (this.#within(ip)) return true;
    const unknown =
      this.#elsewhere || (this.#byNode.size > 0 && [...this.#byNode.values()].every(({ cidrs }) => cidrs.length === 0));
    return unknown && !named && ['private', 'uniqueLocal', 'carrierGradeNat'].includes(ipaddr.parse(ip).range());
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
