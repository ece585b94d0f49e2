/** A recording's lines as text. Sorted, so that the same facts give the same bytes. */
import type { Line } from './recording.ts';

const order = ['recording', 'container', 'coverage', 'observation', 'end'];

function rank(line: Line): number {
  const at = order.indexOf(line.type);
  return at < 0 ? order.indexOf('observation') : at;
}

/** One line of text each, without line ends. */
export function writeRecording(lines: readonly Line[]): string[] {
  return lines
    .map((line) => ({ rank: rank(line), text: JSON.stringify(line) }))
    .toSorted((a, b) => a.rank - b.rank || (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
    .map(({ text }) => text);
}
