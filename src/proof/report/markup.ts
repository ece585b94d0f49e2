/** Strings of workloads in Markdown and HTML: shown as they are, never as markup. */
import { printable } from '#observation/text.ts';

const entities: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  '"': '&quot;',
  "'": '&#39;',
};

/** One line of text; also within a table's cell. */
export function markdownText(text: string): string {
  return printable(text)
    .replaceAll(/[\\`*_[\]<>|#!~&]/g, (char) => entities[char] ?? `\\${char}`)
    .replaceAll(/(https?|ftp|mailto|www)(?=[:.])/gi, (word) => `${word.slice(0, 1)}<!-- -->${word.slice(1)}`);
}

/** Text or the value of an attribute in double quotes. */
export function htmlText(text: string): string {
  return printable(text).replaceAll(/[<>&"']/g, (char) => entities[char] ?? char);
}

/** `2026-11-26 06:24 UTC` */
export function timeText(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** `1 run`, `2 runs`. */
export function runsText(count: number): string {
  return `${count} ${count === 1 ? 'run' : 'runs'}`;
}
