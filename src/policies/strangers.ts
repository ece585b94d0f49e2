/** Addresses that stand for all others, so that whom policies tell apart outside of a cluster can be asked about. */
import {
  type Address,
  addressText,
  contains,
  covers,
  following,
  lastOf,
  type Network,
  networkText,
  parseAddress,
} from '#kubernetes/addresses.ts';

export interface Stranger {
  /** `198.51.100.0/24`, `any other IPv4 address`. */
  readonly label: string;
  readonly ip: string;
}

/** Addresses that documentation keeps free (RFC 5737, RFC 3849): one of them is in no narrower network than the widest. */
export const documented = ['192.0.2.254', '198.51.100.254', '203.0.113.254', '2001:db8::fffe'];

/** For each network an address in it and in none that lies within, and one of each family that is in none. `free`: nobody of the cluster has it. */
export function strangers(networks: readonly Network[], free: (address: Address) => boolean): Stranger[] {
  const all = new Map(networks.map((each) => [networkText(each), each]));
  const found: Stranger[] = [];
  for (const [label, range] of all) {
    const within = [...all.values()].filter((each) => each !== range && covers(range, each));
    const address = addressesOf(range, within).find((each) => !within.some((one) => contains(one, each)) && free(each));
    if (address !== undefined) found.push({ label, ip: addressText(address) });
  }
  for (const text of documented) {
    const address = parseAddress(text);
    if (address === null || [...all.values()].some((each) => contains(each, address)) || !free(address)) continue;
    const label = `any other ${address.family === 4 ? 'IPv4' : 'IPv6'} address`;
    if (!found.some((each) => each.label === label)) found.push({ label, ip: text });
  }
  return found;
}

/** Where an address in none of the narrower networks would be: at the beginning, or behind one of them. */
function addressesOf(range: Network, within: readonly Network[]): Address[] {
  const behind = within.flatMap((each) => following(lastOf(each)) ?? []);
  const first = range.address;
  const next = following(first);
  return [first, ...(next === null ? [] : [next]), lastOf(range), ...behind].filter((each) => contains(range, each));
}
