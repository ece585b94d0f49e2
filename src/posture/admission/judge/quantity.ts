/** `quantity()` of Kubernetes' CEL library: amounts with a suffix, exact. */

const suffixes: Readonly<Record<string, readonly [base: bigint, power: number]>> = {
  n: [10n, -9],
  u: [10n, -6],
  m: [10n, -3],
  '': [10n, 0],
  k: [10n, 3],
  M: [10n, 6],
  G: [10n, 9],
  T: [10n, 12],
  P: [10n, 15],
  E: [10n, 18],
  Ki: [2n, 10],
  Mi: [2n, 20],
  Gi: [2n, 30],
  Ti: [2n, 40],
  Pi: [2n, 50],
  Ei: [2n, 60],
};
const form = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?)$/;

/** A whole number of 10⁻³⁰: finer than what Kubernetes keeps (10⁻⁹), and room for fractions of any suffix. */
export class Quantity {
  readonly units: bigint;
  constructor(units: bigint) {
    this.units = units;
  }
}
const unit = 10n ** 30n;

/** Null for what is no quantity. */
export function readQuantity(text: string): Quantity | null {
  const [, sign = '', whole = '', fraction = '', exponent, suffix] = form.exec(text) ?? [];
  if (whole + fraction === '' || fraction.length > 20) return null;
  const [base, power] = exponent === undefined ? (suffixes[suffix ?? ''] ?? [10n, 0]) : [10n, Number(exponent)];
  if (power < -9 || power > 200) return null;
  const scaled = (BigInt(whole + fraction) * unit) / 10n ** BigInt(fraction.length);
  const units = power < 0 ? scaled / base ** BigInt(-power) : scaled * base ** BigInt(power);
  return new Quantity(sign === '-' ? -units : units);
}

export function approximate({ units }: Quantity): number {
  return Number(units / 10n ** 12n) / 1e18;
}

export function wholeOf({ units }: Quantity): bigint | null {
  return units % unit === 0n ? units / unit : null;
}

export function fromWhole(whole: bigint): Quantity {
  return new Quantity(whole * unit);
}
