/** Lines → the text of JSON documents: one a line, or as Go's `MarshalIndent` writes them, from a line `{` to a line `}`. */

export interface DocumentReader {
  /** A whole document; null within one. An opened one that another follows comes as far as it goes. */
  add(line: string): string | null;
  /** The number of the line at which the last document began, from 1. */
  startedAt(): number;
  /** Whether the last document has no end yet. */
  isOpen(): boolean;
}

/** More than a document of one line may take is nobody's record. */
const longest = 1 << 21;

export function readingDocuments(): DocumentReader {
  let lines = 0;
  let started = 0;
  let open: string[] | null = null;
  let length = 0;
  return {
    add(line) {
      lines += 1;
      if (open === null) {
        started = lines;
        if (line !== '{') return line;
        open = [line];
        length = 1;
        return null;
      }
      open.push(line);
      length += line.length;
      if (line !== '}' && line !== '{' && length <= longest) return null;
      const whole = open.join('\n');
      open = null;
      return whole;
    },
    startedAt: () => started,
    isOpen: () => open !== null,
  };
}
