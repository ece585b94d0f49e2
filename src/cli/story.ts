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

/** `850 ms`, `12 s`, `4 min 10 s`, `3 h 5 min`, `6 d 4 h`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const units: readonly [string, number][] = [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ];
  let rest = Math.round(milliseconds / 1000);
  const parts: string[] = [];
  for (const [name, seconds] of units) {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    if (count > 0) parts.push(`${count} ${name}`);
  }
  return parts.slice(0, 2).join(' ');
}

/** `1 syscall`, `2 syscalls`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
