/** What is told to people: on standard error, so that standard output stays the artifact. */
import { styleText } from 'node:util';
import { printable } from '#observation/text.ts';

const terminal = process.stderr.isTTY;
const colours = terminal && process.env['NO_COLOR'] === undefined;
let shown = '';

export function tell(text: string): void {
  hideProgress();
  process.stderr.write(`${text}\n`);
}

/** One line that is replaced by the next; on a terminal only. */
export function showProgress(text: string): void {
  if (!terminal) return;
  hideProgress();
  shown = text.slice(0, (process.stderr.columns ?? 80) - 1);
  process.stderr.write(shown);
}

export function hideProgress(): void {
  if (shown !== '') process.stderr.write(`\r${' '.repeat(shown.length)}\r`);
  shown = '';
}

export function dim(text: string): string {
  return colours ? styleText('dim', text) : text;
}

/** Columns as kubectl prints them: upper-case heads, three blanks between, no lines. Cells are made printable. */
export function columns(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [heads, ...rows.map((row) => row.map(printable))];
  const widths = heads.map((_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}

/** Of a recording. */
export function lossText(lost: number): string {
  return lost === 0 ? 'nothing lost' : `${count(lost, 'fact')} lost`;
}

/** `1 syscall`, `2 syscalls`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
