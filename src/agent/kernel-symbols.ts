/** Kernel addresses → function names, from /proc/kallsyms, which hides them from those without CAP_SYSLOG. */
import { readFileSync } from 'node:fs';

/** The function that each address lies in; null for one that cannot be told. Reads the list once, keeps nothing. */
export function kernelFunctions(addresses: readonly bigint[]): Map<bigint, string | null> {
  const wanted = [...new Set(addresses)].filter((address) => address !== 0n).toSorted((a, b) => (a < b ? -1 : 1));
  const found = new Map<bigint, { at: bigint; name: string }>();
  const text = readFileSync('/proc/kallsyms', 'latin1');
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    const line = text.slice(at, end < 0 ? text.length : end);
    at = end < 0 ? text.length : end + 1;
    // Addresses are hexadecimal digits of one length: their order is the text's.
    const type = line[17];
    if (type !== 't' && type !== 'T') continue;
    const start = BigInt(`0x${line.slice(0, 16)}`);
    if (start === 0n) continue;
    for (const address of wanted) {
      if (start > address) continue;
      const known = found.get(address);
      if (known === undefined || start > known.at)
        found.set(address, { at: start, name: line.slice(19).split('\t')[0] ?? '' });
    }
  }
  return new Map(addresses.map((address) => [address, found.get(address)?.name ?? null]));
}
