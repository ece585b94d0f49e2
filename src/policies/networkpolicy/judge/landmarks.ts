/**
 * Where answers may change: every port, network and name that a policy's text speaks of. Between two neighbouring
 * landmarks all ports, or all addresses, get one answer. Too many do no harm, so the text is searched, not understood.
 */
import { parseAddress, parseNetwork, type Network, single } from '#kubernetes/addresses.ts';

export interface Landmarks {
  /** Ports at which a range may begin: one that is named, or the one after it. */
  readonly ports: ReadonlySet<number>;
  readonly networks: readonly Network[];
  /** Names and patterns of DNS names. */
  readonly names: ReadonlySet<string>;
}

const known = new WeakMap<object, Landmarks>();
const namesOfHosts = new Set(['matchName', 'matchPattern', 'domains', 'domainNames']);

/** Of one API object. */
export function landmarksOf(object: object): Landmarks {
  const before = known.get(object);
  if (before !== undefined) return before;
  const ports = new Set<number>();
  const networks: Network[] = [];
  const names = new Set<string>();
  function walk(value: unknown, key: string): void {
    if (typeof value === 'number') addPort(value);
    else if (typeof value === 'string') {
      for (const [digits] of value.matchAll(/\d+/g)) addPort(Number(digits));
      const address = parseAddress(value);
      const range = address === null ? parseNetwork(value) : single(address);
      if (range !== null) networks.push(range);
      if (namesOfHosts.has(key)) names.add(value);
    } else if (Array.isArray(value)) for (const each of value) walk(each, key);
    else if (typeof value === 'object' && value !== null)
      for (const [own, each] of Object.entries(value)) walk(each, own);
  }
  function addPort(port: number): void {
    if (Number.isInteger(port) && port >= 0 && port <= 65_535) ports.add(port).add(port + 1);
  }
  walk((object as { spec?: unknown; specs?: unknown }).spec, '');
  walk((object as { specs?: unknown }).specs, '');
  const found = { ports, networks, names };
  known.set(object, found);
  return found;
}
