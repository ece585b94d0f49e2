/** Addresses and networks of both families as 32-bit words, so that containment is a few comparisons. */
import ipaddr from 'ipaddr.js';

export interface Address {
  readonly family: 4 | 6;
  /** One word for IPv4, four for IPv6. */
  readonly words: readonly number[];
}

/** `address` is the network's own: bits behind the prefix are cleared. */
export interface Network {
  readonly address: Address;
  readonly bits: number;
}

/** Null for what is no address. IPv4 in IPv6 (`::ffff:192.0.2.1`) is IPv4, as the kernel delivers it. */
export function parseAddress(text: string): Address | null {
  // ipaddr.js also takes zones, octal and short forms, which the API server refuses.
  if (!/^[0-9.]+$|^[0-9a-fA-F:.]+$/.test(text) || (!text.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(text)))
    return null;
  return ipaddr.isValid(text) ? fromBytes(ipaddr.process(text).toByteArray()) : null;
}

/** Null for what is no network in the form `address/prefix`. Bits behind the prefix are tolerated, and cleared. */
export function parseNetwork(text: string): Network | null {
  const [, base = '', prefix = ''] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const address = parseAddress(base);
  if (address === null || (address.family === 4) === base.includes(':')) return null;
  const bits = Number(prefix);
  return bits > sizeOf(address) ? null : network(address, bits);
}

/** The network of that length which the address lies in. */
export function network(address: Address, bits: number): Network {
  return { address: { family: address.family, words: address.words.map((word, at) => masked(word, bits, at)) }, bits };
}

/** The network of one address: /32, or /128 of IPv6. */
export function single(address: Address): Network {
  return network(address, sizeOf(address));
}

export function contains({ address: base, bits }: Network, address: Address): boolean {
  if (base.family !== address.family) return false;
  for (let at = 0; at * 32 < bits; at += 1) {
    if (masked(address.words[at] ?? 0, bits, at) !== base.words[at]) return false;
  }
  return true;
}

/** Whether every address of the inner network lies in the outer one. */
export function covers(outer: Network, inner: Network): boolean {
  return outer.bits <= inner.bits && contains(outer, inner.address);
}

export function sizeOf({ family }: Address): number {
  return family === 4 ? 32 : 128;
}

export function isLoopback({ family, words }: Address): boolean {
  if (family === 4) return (words[0] ?? 0) >>> 24 === 127;
  return words.every((word, at) => word === (at === 3 ? 1 : 0));
}

export function sameAddress(a: Address, b: Address): boolean {
  return a.family === b.family && a.words.every((word, at) => word === b.words[at]);
}

/** The usual short form: `192.0.2.1`, `2001:db8::1`. */
export function addressText({ words }: Address): string {
  return ipaddr
    .fromByteArray(words.flatMap((word) => [24, 16, 8, 0].map((shift) => (word >>> shift) & 255)))
    .toString();
}

export function networkText({ address, bits }: Network): string {
  return `${addressText(address)}/${bits}`;
}

/** Address order: IPv4 first, then by value; of equal addresses the wider network first. */
export function compareNetworks(a: Network, b: Network): number {
  if (a.address.family !== b.address.family) return a.address.family - b.address.family;
  for (const [at, word] of a.address.words.entries()) {
    const other = b.address.words[at] ?? 0;
    if (word !== other) return word - other;
  }
  return a.bits - b.bits;
}

function fromBytes(bytes: readonly number[]): Address {
  const words: number[] = [];
  for (let at = 0; at < bytes.length; at += 4) {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(at, at + 4);
    words.push(((a << 24) | (b << 16) | (c << 8) | d) >>> 0);
  }
  return { family: bytes.length === 4 ? 4 : 6, words };
}

/** The part of a word that lies before the prefix's end. */
function masked(word: number, bits: number, at: number): number {
  const own = Math.min(32, Math.max(0, bits - at * 32));
  return own === 0 ? 0 : (word & (0xffff_ffff << (32 - own))) >>> 0;
}

export function lastOf({ address, bits }: Network): Address {
  const words = address.words.map((word, at) => (word | ~masked(0xffff_ffff, bits, at)) >>> 0);
  return { family: address.family, words };
}

/** The next address; null behind the last of its family. */
export function following({ family, words }: Address): Address | null {
  const next = [...words];
  for (let at = next.length - 1; at >= 0; at -= 1) {
    const word = ((next[at] ?? 0) + 1) >>> 0;
    next[at] = word;
    if (word !== 0) return { family, words: next };
  }
  return null;
}
