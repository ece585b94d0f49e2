/** Strings of workloads in Markdown: shown as they are, never as markup. */
import { printable } from '#observation/text.ts';

/** One line of text; also within a table's cell. */
export function markdownText(text: string): string {
  return printable(text)
    .replaceAll(/[\\`*_[\]<>|#!~&]/g, (char) =>
      char === '<' ? '&lt;' : char === '>' ? '&gt;' : char === '&' ? '&amp;' : `\\${char}`,
    )
    .replaceAll(/(https?):/gi, '$1&#58;');
}
