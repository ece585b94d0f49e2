/** What became of a line of another log. */
import type { FlowLine } from '../flow-line.ts';

/** A pod's name, `namespace/name`, by its address. */
export type PodAt = (ip: string) => string | null;

export type Converted =
  | { readonly type: 'lines'; readonly lines: readonly FlowLine[] }
  | { readonly type: 'left'; readonly reason: string }
  /** Events that the writer dropped before anybody saw them: of whom is not known. */
  | { readonly type: 'lost'; readonly count: number };
