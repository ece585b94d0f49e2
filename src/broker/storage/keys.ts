/**
 * Keys and texts as columns hold them. Strings of workloads may hold NUL, which PostgreSQL refuses, and lone
 * surrogates, which UTF-8 cannot carry: both are written as JSON escapes them, and nothing is merged or lost.
 */
import { hash } from 'node:crypto';
import type { Key } from './schema.ts';

/** 128 bits are enough: whoever finds two claims of one key hides one fact of his own workload. */
const keyBytes = 16;

export function keyOf(...parts: readonly string[]): Key {
  return keyOfText(JSON.stringify(parts));
}

export function keyOfText(text: string): Key {
  return hash('sha256', text, 'buffer').subarray(0, keyBytes);
}

/** Plain names are themselves. */
export function columnText(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

export function textOf(column: string): string {
  return JSON.parse(`"${column}"`) as string;
}

/** For maps and for order: a byte is a character. */
export function keyText(...keys: readonly Key[]): string {
  return keys.map((key) => Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')).join('');
}
