/** A rules file before it is text. */
import type { List, Macro } from './shared.ts';

/** As in the file: `values` are names of lists, or rows of values. */
export interface ExceptionDraft {
  readonly name: string;
  readonly fields: string | readonly string[];
  readonly comps: string | readonly string[];
  readonly values: readonly (string | readonly (string | readonly string[])[])[];
}

export interface RuleDraft {
  /** `Unexpected program`. */
  readonly title: string;
  readonly desc: string;
  readonly macro: Macro;
  readonly priority: 'CRITICAL' | 'ERROR' | 'WARNING' | 'NOTICE';
  readonly tags: readonly string[];
  /** Fields of the output beside those that every rule has, by name. */
  readonly output: Readonly<Record<string, string>>;
  readonly exceptions: readonly ExceptionDraft[];
  /** Lists of its own, which the exceptions name. */
  readonly lists: readonly List[];
}

/** What one activity gave: its rules, and what a reader must know. */
export interface Drafted {
  readonly rules: readonly RuleDraft[];
  readonly notes: readonly string[];
}
