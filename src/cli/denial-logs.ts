/** Denials in files, and which of them are meant. */
import { readingDenials } from '#imports/denials.ts';
import type { Denial } from '#observation/denial.ts';
import { Failure } from './failure.ts';
import { readLines } from './import-files.ts';

export interface FoundDenials {
  readonly chosen: readonly Denial[];
  /** Those of other fields than `--match` names. */
  readonly passedOver: number;
  readonly notes: readonly string[];
}

export async function denialsIn(files: readonly string[], match: readonly string[]): Promise<FoundDenials> {
  const wanted = match.map(fieldOf);
  const reader = readingDenials();
  for (const file of files) await readLines(file, (line) => reader.add(line));
  const { denials, notes } = reader.end();
  const chosen = denials.filter(({ fields }) => wanted.every(([name, value]) => fields[name] === value));
  return { chosen, passedOver: denials.length - chosen.length, notes };
}

function fieldOf(text: string): readonly [name: string, value: string] {
  const [, name, value] = /^(\w+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new Failure(`--match takes FIELD=VALUE, exe=/usr/sbin/nginx, not ${JSON.stringify(text)}`);
  return [name, value];
}
