/** Objects of the API as CEL sees them. */

export type CelValue =
  | string
  | boolean
  | bigint
  | number
  | null
  | readonly CelValue[]
  | { readonly [key: string]: CelValue };

/**
 * Whole numbers become `int`. A field that is null counts as absent, as it is after an API server has read the object into
 * its own types; lone surrogates become U+FFFD, as Go's reader of JSON makes them.
 */
export function celValue(value: unknown): CelValue {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value === 'boolean' || typeof value === 'bigint') return value;
  if (Array.isArray(value)) return value.map(celValue);
  if (typeof value !== 'object' || value === null) return null;
  const map: Record<string, CelValue> = Object.create(null) as Record<string, CelValue>;
  for (const [key, each] of Object.entries(value))
    if (each !== null && each !== undefined) map[key.toWellFormed()] = celValue(each);
  return map;
}
