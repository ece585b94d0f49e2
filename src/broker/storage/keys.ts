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
  return keyFrom(keyTextOf(text));
}

/** The key of a text as `keyText` writes it. */
export function keyTextOf(text: string): string {
  // crypto takes every encoding of Buffer; its types name three.
  return hash('sha256', text, 'latin1' as 'hex').slice(0, keyBytes);
}

/** The other way round from `keyText`. */
export function keyFrom(text: string): Key {
  return Buffer.from(text, 'latin1');
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
