/** Fields of objects that the API server sends: what is missing, or of another kind, is null or empty. */

export type Json = Readonly<Record<string, unknown>>;

export function json(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

export function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

export function texts(value: unknown): string[] {
  return list(value).flatMap((each) => text(each) ?? []);
}

export function whole(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) ? value : null;
}

export function labels(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(json(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** Milliseconds since the epoch. */
export function time(value: unknown): number | null {
  const at = Date.parse(text(value) ?? '');
  return Number.isNaN(at) ? null : at;
}
