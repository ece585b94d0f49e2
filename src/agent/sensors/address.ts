/** Addresses as BPF hands them over: 16 bytes, IPv4 as IPv4-mapped IPv6. */
import ipaddr from 'ipaddr.js';

/** Canonical text: `10.0.0.7`, `2001:db8::1`. */
export function addressText(view: DataView, at: number): string {
  const bytes = [...new Uint8Array(view.buffer, view.byteOffset + at, 16)];
  const v6 = new ipaddr.IPv6(bytes);
  return v6.isIPv4MappedAddress() ? v6.toIPv4Address().toString() : v6.toString();
}

const protocols: Readonly<Record<number, 'tcp' | 'udp' | 'sctp' | 'icmp' | 'icmpv6'>> = {
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  58: 'icmpv6',
  132: 'sctp',
};

/** By the number of the IP header; null for one that we do not tell apart. */
export function protocolName(number: number): 'tcp' | 'udp' | 'sctp' | 'icmp' | 'icmpv6' | null {
  return protocols[number] ?? null;
}
