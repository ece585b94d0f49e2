/** Lengths of time as people type them. */
import { Failure } from './failure.ts';

/** `30s` → 30,000. */
export function milliseconds(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (match === null) throw new Failure(`${flag} takes a number with ms, s, m or h, not ${JSON.stringify(text)}`);
  return Number(match[1]) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] as 'ms' | 's' | 'm' | 'h'];
}
