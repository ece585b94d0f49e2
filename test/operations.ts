/** The program of operations.c, and what is recorded of it, as lines to compare. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Observation, ObservationOf } from '#observation/observation.ts';

export interface OperationsProgram {
  /** The program's folder; the caller removes it. */
  readonly base: string;
  /** Static, so that it runs in any root. */
  readonly program: string;
  /** It in an empty folder of its own. */
  readonly inFolder: (what: string) => { readonly argv: [string, ...string[]]; readonly folder: string };
}

export function buildOperations(): OperationsProgram {
  const base = mkdtempSync(join(tmpdir(), 'kguardian-operations-'));
  chmodSync(base, 0o755);
  const program = join(base, 'operations');
  const source = fileURLToPath(new URL('operations.c', import.meta.url));
  execFileSync('gcc', ['-static', '-Wall', '-Werror', '-O1', '-o', program, source]);
  return {
    base,
    program,
    inFolder(what) {
      const folder = mkdtempSync(join(base, `${what}-`));
      return { argv: ['/bin/sh', '-c', 'cd "$1" && exec "$2" "$3"', 'sh', folder, program, what], folder };
    },
  };
}

/** The facts of our program, without what differs from run to run; each fact is there once. */
export function said<Type extends Observation['type']>(
  facts: readonly ObservationOf<Type>[],
  text: (fact: ObservationOf<Type>) => string,
): string[] {
  return facts
    .filter((fact) => 'program' in fact && fact.program?.endsWith('/operations'))
    .map((fact) => {
      assert.ok('phase' in fact && fact.phase === 'program');
      return text(fact);
    })
    .toSorted();
}

type Other = ObservationOf<'signal'>['other'];
export const whom = (other: Other): string =>
  other.type === 'container' ? `container ${other.program?.split('/').at(-1)}` : other.type;
export const signalText = ({ direction, signal, other, seen }: ObservationOf<'signal'>): string =>
  `${direction} ${signal} ${whom(other)} ${seen.count}`;
