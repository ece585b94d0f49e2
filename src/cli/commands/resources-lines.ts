/** Usage as JSON lines: a line that cannot be read is told with its place, and the rest is done. */
import { once } from 'node:events';
import type { z } from 'zod';
import { type Series, seriesLine } from '#posture/resources/series.ts';
import { printable } from '#observation/text.ts';
import { Failure, systemReason } from '../failure.ts';
import { linesInPieces } from '../long-lines.ts';
import { tell } from '../story.ts';

/** What a line holds, or why it holds nothing. */
export type Line<T> = { readonly where: string; readonly id: unknown } & (
  | { readonly value: T; readonly fault: null }
  | { readonly value: null; readonly fault: string }
);

/** Of one file, so many faults are told; the others are counted. */
const mostTold = 10;
/** In UTF-16 units; a week of a thousand replicas has fewer. */
const longest = 256 << 20;

/** `file:line` is told for each fault, and the exit code becomes 2. */
export async function* lines<T>(file: string, schema: z.ZodType<T>): AsyncGenerator<Line<T>> {
  let number = 0;
  let faults = 0;
  try {
    for await (const piece of linesInPieces(file, longest))
      for (const text of piece) {
        number += 1;
        if (text?.trim() === '') continue;
        const line = read(`${file}:${number}`, text, schema);
        if (line.fault !== null && (faults += 1) <= mostTold) complain(line.where, line.fault);
        yield line;
      }
    if (faults > mostTold) complain(file, `${faults - mostTold} more lines cannot be read`);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`cannot read ${JSON.stringify(file)}: ${systemReason(error)}`, 2, error);
  }
}

export function seriesIn(file: string): AsyncGenerator<Line<Series>> {
  return lines(file, seriesLine);
}

export function complain(where: string, what: string): void {
  tell(printable(`${where}: ${what}`));
  process.exitCode = 2;
}

function read<T>(where: string, text: string | null, schema: z.ZodType<T>): Line<T> {
  if (text === null) return { where, id: null, value: null, fault: 'longer than 256 MiB' };
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return { where, id: null, value: null, fault: 'not JSON' };
  }
  const { id = null } = Object(given) as { id?: unknown };
  const parsed = schema.safeParse(given);
  if (parsed.success) return { where, id, value: parsed.data, fault: null };
  const [issue] = parsed.error.issues;
  const place = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  return { where, id, value: null, fault: `${place}${issue?.message ?? 'not valid'}` };
}

/** Waits where the reader is slower. */
export async function printLine(value: object): Promise<void> {
  if (!process.stdout.write(`${JSON.stringify(value)}\n`)) await once(process.stdout, 'drain');
}
