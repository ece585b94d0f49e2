/** Text lines → recordings, or one sentence about the first line that is wrong. */
import { z } from 'zod';
import type { Observation } from './observation.ts';
import {
  type Container,
  type Coverage,
  type End,
  type Header,
  line,
  type Recording,
  recordingVersion,
} from './recording.ts';

/** A line this long was not written by us: a path has at most 4,096 bytes, an argument list 1,024. */
const maxLineLength = 1 << 20;

/** `line` is 1 for the first. */
export class RecordingError extends Error {
  readonly line: number;
  constructor(line: number, what: string) {
    super(`line ${line}: ${what}`);
    this.name = 'RecordingError';
    this.line = line;
  }
}

/**
 * Reads recordings that follow one another, as `cat` joins files and as a broker sends them. One without an
 * `end` line was cut: that is no error where nothing follows, `end` is null and what follows the last whole
 * line is left out.
 */
export async function* readRecordings(lines: AsyncIterable<string> | Iterable<string>): AsyncGenerator<Recording> {
  let builder = new Builder(0);
  for await (const text of lines) {
    if (builder.ended && text.trim() !== '') {
      yield builder.finish();
      builder = new Builder(builder.lines);
    }
    builder.add(text);
  }
  yield builder.finish();
}

/** Reads exactly one recording. */
export async function readRecording(lines: AsyncIterable<string> | Iterable<string>): Promise<Recording> {
  const builder = new Builder(0);
  for await (const text of lines) builder.add(text);
  return builder.finish();
}

class Builder {
  /** Lines of the file before this recording. */
  readonly #before: number;
  #number: number;
  #header: Header | null = null;
  #end: End | null = null;
  readonly #containers: Container[] = [];
  readonly #observations: Observation[] = [];
  readonly #coverage: Coverage[] = [];
  readonly #ids = new Set<string>();
  /** What the last line had wrong: forgiven when nothing follows, since then the file was cut there. */
  #broken: RecordingError | null = null;
  /** Facts may come before their container's line. */
  #strangers = new Map<string, number>();

  constructor(before: number) {
    this.#before = before;
    this.#number = before;
  }

  get ended(): boolean {
    return this.#end !== null;
  }

  /** Lines of the file up to here. */
  get lines(): number {
    return this.#number;
  }

  add(text: string): void {
    if (this.#broken !== null) throw this.#broken;
    this.#number += 1;
    if (text.length > maxLineLength)
      throw this.#fault(`longer than ${maxLineLength} characters; this is not a recording`);
    if (this.#end !== null) {
      if (text.trim() === '') return;
      throw this.#fault('follows the end line');
    }
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      this.#broken = this.#fault(
        this.#header === null ? 'not JSON; this is not a kguardian recording' : 'not JSON; the file is damaged here',
      );
      if (this.#header === null) throw this.#broken;
      return;
    }
    this.#checkVersion(value);
    const parsed = line.safeParse(value);
    if (!parsed.success) throw this.#fault(firstIssue(parsed.error));
    this.#take(parsed.data);
  }

  finish(): Recording {
    if (this.#header === null)
      throw new RecordingError(
        this.#before + 1,
        this.#broken?.message ?? 'the recording is empty, or was cut before its first line',
      );
    const [stranger] = this.#strangers;
    if (stranger !== undefined && this.#end !== null) {
      throw new RecordingError(
        stranger[1],
        `names the container ${JSON.stringify(stranger[0])}, which no line describes`,
      );
    }
    const known = <T extends { container: string }>(facts: T[]): T[] =>
      facts.filter((fact) => this.#ids.has(fact.container));
    return {
      header: this.#header,
      containers: this.#containers,
      observations: known(this.#observations),
      coverage: known(this.#coverage),
      end: this.#end,
    };
  }

  #checkVersion(value: unknown): void {
    if (this.#header !== null) return;
    const first = z.looseObject({ type: z.literal('recording'), version: z.number() }).safeParse(value);
    if (!first.success) throw this.#fault('does not begin with a recording line; this is not a kguardian recording');
    const { version } = first.data;
    if (version > recordingVersion) {
      throw this.#fault(
        `version ${version}, written by a newer kguardian; this one reads version ${recordingVersion}: upgrade it`,
      );
    }
  }

  #take(value: z.infer<typeof line>): void {
    if (value.type === 'recording') {
      if (this.#header !== null) throw this.#fault('a second recording begins before the end of the first');
      this.#header = value;
    } else if (value.type === 'container') {
      if (this.#ids.has(value.id)) throw this.#fault(`describes the container ${JSON.stringify(value.id)} again`);
      this.#ids.add(value.id);
      this.#strangers.delete(value.id);
      this.#containers.push(value);
    } else if (value.type === 'end') {
      const before = this.#number - this.#before - 1;
      if (value.lines !== before)
        throw this.#fault(`counts ${value.lines} lines before it, there are ${before}; the file is damaged`);
      this.#end = value;
    } else {
      if (!this.#ids.has(value.container) && !this.#strangers.has(value.container))
        this.#strangers.set(value.container, this.#number);
      if (value.type === 'coverage') this.#coverage.push(value);
      else this.#observations.push(value);
    }
  }

  #fault(what: string): RecordingError {
    return new RecordingError(this.#number, what);
  }
}

function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  const where = issue?.path.join('.') ?? '';
  const what = (issue?.message ?? 'not valid').replace(/^Invalid input: /, '');
  return where === '' ? what : `${where}: ${what}`;
}
