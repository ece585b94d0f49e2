/** The oracle of ../shared/lab: what the official compiler makes of a profile, walked as the kernel walks it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeText } from '#observation/text.ts';
import type { Query } from './query.ts';

const lab = new URL('../../../../shared/lab', import.meta.url).pathname;

/** A reason to skip, or false. */
export const withoutOracle: string | false = !existsSync(`${lab}/oracle-apparmor`)
  ? 'no ../shared/lab/oracle-apparmor here'
  : spawnSync('apparmor_parser', ['--version']).status === 0
    ? false
    : 'apparmor_parser is not installed';

export interface OracleAnswer {
  readonly allowed: boolean | null;
  readonly transition?: string;
  readonly error?: string;
}

/** Null where the compiler refuses the profile; its words are in `said`. */
export function oracle(text: string, queries: readonly Query[]): { answers: OracleAnswer[] | null; said: string } {
  const folder = mkdtempSync(join(tmpdir(), 'kguardian-apparmor-'));
  try {
    const file = `${folder}/profile`;
    writeFileSync(file, encodeText(text));
    const byProfile = Map.groupBy(queries.entries(), ([, { profile = '' }]) => profile);
    const answers: OracleAnswer[] = [];
    let said = '';
    for (const [profile, asked] of byProfile) {
      const done = spawnSync(`${lab}/oracle-apparmor`, [...(profile === '' ? [] : ['--profile', profile]), file], {
        input: asked.map(([, query]) => line(query)).join('\n'),
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      });
      said = done.stderr;
      if (done.status === 2) return { answers: null, said };
      const lines = done.stdout.trimEnd().split('\n');
      for (const [at, [index]] of asked.entries()) answers[index] = JSON.parse(lines[at] ?? '{}') as OracleAnswer;
    }
    return { answers, said };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Python reads the bytes that are no UTF-8 as lone surrogates, just as we write them. */
function line(query: Query): string {
  return JSON.stringify({ ...query, profile: undefined });
}

/** Exit status and words of the official compiler for a 6.1 kernel; every warning is an error. */
export function compiles(text: string): { ok: boolean; said: string } {
  const done = spawnSync(
    'apparmor_parser',
    ['-Q', '-K', '-T', '--kernel-features', `${lab}/apparmor/features-6.1`, '--warn=all', '-o', '/dev/null'],
    { input: encodeText(text), encoding: 'utf8' },
  );
  return { ok: done.status === 0, said: done.stderr };
}

export function list(text: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'kguardian-apparmor-'));
  try {
    writeFileSync(`${folder}/profile`, encodeText(text));
    const out = execFileSync(`${lab}/oracle-apparmor`, ['--list', `${folder}/profile`], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return out
      .trimEnd()
      .split('\n')
      .map((each) => (JSON.parse(each) as { name: string }).name);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
