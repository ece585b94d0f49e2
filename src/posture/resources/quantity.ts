/** Kubernetes' quantities of CPU and memory (apimachinery `resource.Quantity`), and lengths of time as people type them. */

const suffixes: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

export const mebibyte = 2 ** 20;

/** Cores or bytes; null for what is no quantity, less than nothing, or more than a double holds. */
export function amountOf(quantity: unknown): number | null {
  const text = typeof quantity === 'number' ? String(quantity) : quantity;
  if (typeof text !== 'string') return null;
  const [, digits, exponent, suffix] =
    /^\+?(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d+)|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei))?$/.exec(text) ?? [];
  if (digits === undefined) return null;
  const amount = Number(digits) * (exponent === undefined ? (suffixes[suffix ?? ''] ?? 1) : 10 ** Number(exponent));
  return Number.isFinite(amount) ? amount : null;
}

/** `250m`, `2`: thousandths are the finest that Kubernetes keeps; what is finer is rounded up, as it does. */
export function cpuQuantity(cores: number): string {
  const thousandths = Math.ceil(cores * 1000 - 1e-6);
  return thousandths % 1000 === 0 ? String(thousandths / 1000) : `${thousandths}m`;
}

/** `512Mi`, `2Gi`; plain bytes where they are no whole mebibytes. */
export function memoryQuantity(bytes: number): string {
  if (bytes === 0 || bytes % mebibyte !== 0) return String(Math.ceil(bytes));
  return bytes % 2 ** 30 === 0 ? `${bytes / 2 ** 30}Gi` : `${bytes / mebibyte}Mi`;
}

/** For people: `300 MiB`, `1.5 GiB`. */
export function bytesText(bytes: number): string {
  const [unit, size] = bytes >= 2 ** 30 ? (['GiB', 2 ** 30] as const) : (['MiB', mebibyte] as const);
  return `${Number((bytes / size).toPrecision(3))} ${unit}`;
}

export function coresText(cores: number): string {
  const rounded = Number(cores.toPrecision(3));
  return rounded === 1 ? '1 core' : `${rounded} cores`;
}

const units: readonly (readonly [unit: string, seconds: number])[] = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
];

/** `7d`, `1h`, `90s` → seconds; null for what is no length of time. */
export function secondsOf(text: string): number | null {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([dhms])$/.exec(text) ?? [];
  const seconds = units.find(([name]) => name === unit)?.[1];
  return digits === undefined || seconds === undefined ? null : Number(digits) * seconds;
}

/** The two largest units: `6 d 4 h`, `3 min`. */
export function timeText(seconds: number): string {
  let rest = Math.round(seconds);
  const parts = units.flatMap(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? [] : [`${count} ${unit === 'm' ? 'min' : unit}`];
  });
  return parts.length === 0 ? '0 s' : parts.slice(0, 2).join(' ');
}
