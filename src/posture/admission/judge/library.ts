/** What Kubernetes adds to CEL, as far as policies use it: quantities, regular expressions, lists, strings. */
import { Environment } from '@marcbachmann/cel-js';
import { approximate, fromWhole, Quantity, readQuantity, wholeOf } from './quantity.ts';

/** What a handler is given has the types of its signature. */
type Handler = (...given: never[]) => unknown;

const functions: readonly (readonly [signature: string, handler: Handler])[] = [
  ['quantity(string): Quantity', (text: string) => quantityOf(text)],
  ['isQuantity(string): bool', (text: string) => readQuantity(text) !== null],
  ['Quantity.compareTo(Quantity): int', (a: Quantity, b: Quantity) => compare(a.units, b.units)],
  ['Quantity.isLessThan(Quantity): bool', (a: Quantity, b: Quantity) => a.units < b.units],
  ['Quantity.isGreaterThan(Quantity): bool', (a: Quantity, b: Quantity) => a.units > b.units],
  ['Quantity.sign(): int', ({ units }: Quantity) => compare(units, 0n)],
  ['Quantity.add(Quantity): Quantity', (a: Quantity, b: Quantity) => new Quantity(a.units + b.units)],
  ['Quantity.add(int): Quantity', (a: Quantity, b: bigint) => new Quantity(a.units + fromWhole(b).units)],
  ['Quantity.sub(Quantity): Quantity', (a: Quantity, b: Quantity) => new Quantity(a.units - b.units)],
  ['Quantity.sub(int): Quantity', (a: Quantity, b: bigint) => new Quantity(a.units - fromWhole(b).units)],
  ['Quantity.asApproximateFloat(): double', approximate],
  ['Quantity.isInteger(): bool', (a: Quantity) => wholeOf(a) !== null],
  ['Quantity.asInteger(): int', (a: Quantity) => wholeOf(a) ?? fail('the quantity is no integer')],
  ['string.find(string): string', (text: string, pattern: string) => regular(pattern).exec(text)?.[0] ?? ''],
  ['string.findAll(string): list<string>', (text: string, pattern: string) => found(text, pattern, -1n)],
  ['string.findAll(string, int): list<string>', found],
  [
    'string.replace(string, string): string',
    (text: string, from: string, to: string) => text.replaceAll(from, () => to),
  ],
  ['string.replace(string, string, int): string', replaced],
  ['string.charAt(int): string', (text: string, at: bigint) => Array.from(text)[Number(at)] ?? ''],
  ['list.sum(): dyn', (list: readonly (bigint | number)[]) => sum(list)],
  ['list.min(): dyn', (list: readonly unknown[]) => extreme(list, -1)],
  ['list.max(): dyn', (list: readonly unknown[]) => extreme(list, 1)],
  [
    'list.isSorted(): bool',
    (list: readonly never[]) => list.every((each, at) => at === 0 || (list[at - 1] as never) <= each),
  ],
  ['list.indexOf(dyn): int', (list: readonly unknown[], value: unknown) => BigInt(list.indexOf(value))],
  ['list.lastIndexOf(dyn): int', (list: readonly unknown[], value: unknown) => BigInt(list.lastIndexOf(value))],
];

/** Without variables; what it lacks (authorizer, ip, cidr, url, format) does not compile, and the policy is not judged. */
export function kubernetesLibrary(): Environment {
  const environment = new Environment({
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: 1_000_000, maxListElements: 100_000 },
  });
  environment.registerType('Quantity', Quantity);
  for (const [signature, handler] of functions) environment.registerFunction(signature, handler);
  return environment;
}

function fail(why: string): never {
  throw new Error(why);
}

function quantityOf(text: string): Quantity {
  return readQuantity(text) ?? fail(`${JSON.stringify(text)} is no quantity`);
}

function compare(a: bigint, b: bigint): bigint {
  return a < b ? -1n : BigInt(a > b);
}

function regular(pattern: string): RegExp {
  return new RegExp(pattern);
}

function found(text: string, pattern: string, most: bigint): string[] {
  const all = [...text.matchAll(new RegExp(pattern, 'g'))].map(([each]) => each);
  return most < 0n ? all : all.slice(0, Number(most));
}

function replaced(text: string, from: string, to: string, most: bigint): string {
  const parts = text.split(from);
  const times = most < 0n ? parts.length : Number(most);
  return parts.reduce((all, part, at) => `${all}${at <= times ? to : from}${part}`);
}

function sum(list: readonly (bigint | number)[]): bigint | number {
  return list.reduce((a, b) => (typeof a === 'bigint' && typeof b === 'bigint' ? a + b : Number(a) + Number(b)), 0n);
}

function extreme(list: readonly unknown[], sign: number): unknown {
  if (list.length === 0) fail('the list is empty');
  // Elements of one type are compared as that type's own operator does.
  return list.reduce((a, b) => ((a as never) < (b as never) === sign > 0 ? b : a));
}
