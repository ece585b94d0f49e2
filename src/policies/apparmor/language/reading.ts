/** What the readers of rules share. */
import { PatternError } from './glob.ts';
import type { Scanner } from './scanner.ts';

/** What a rule is read with. */
export interface Reading {
  readonly scanner: Scanner;
  /** All texts that a pattern stands for; throws UnreadableArtifact. */
  readonly expand: (pattern: string) => string[];
}

export interface Qualifiers {
  readonly where: string;
  readonly deny: boolean;
  readonly owner: boolean;
}

/** Up to the closing parenthesis, parted by blanks or commas. */
export function words(scanner: Scanner): string[] {
  const found: string[] = [];
  while (scanner.take(/\)/y) === null) {
    if (scanner.take(/,/y) !== null) continue;
    const word = scanner.take(/"[^"]*"|[^\s,()"]+/y) ?? scanner.fail('a closing parenthesis is missing');
    found.push(word.replaceAll('"', ''));
  }
  return found;
}

export function refusing<T>(scanner: Scanner, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof PatternError) scanner.fail(error.message);
    throw error;
  }
}
