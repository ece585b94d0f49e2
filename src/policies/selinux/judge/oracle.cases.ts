/** libsepol's answers (../shared/lab/oracle-selinux), and why there are none. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const lab = fileURLToPath(new URL('../../../../../shared/lab', import.meta.url));
const mini = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kguardian-lab/selinux/mini.cil');

/** A reason to skip, or false; the path of a compiler that is not installed is reason enough. */
export const withoutOracle: string | false = !existsSync(`${lab}/oracle-selinux`)
  ? 'no ../shared/lab/oracle-selinux here'
  : !existsSync(mini)
    ? 'the lab is not set up: ../shared/lab/setup --only oracles'
    : (['/usr/bin/secilc', '/usr/bin/checkmodule', '/usr/libexec/selinux/hll/pp'].find((each) => !existsSync(each)) ??
      false);

/** The base that `--base mini` links to. */
export function miniBase(): string {
  return `${readFileSync(mini, 'utf8')}\n${readFileSync(`${lab}/selinux/container.cil`, 'utf8')}`;
}

export interface Asked {
  readonly source: string;
  readonly target: string;
  readonly class: string;
  readonly permission: string;
}
export interface Answer {
  readonly allowed: boolean | null;
  readonly reason?: string;
  readonly error?: string;
}

/** Null when the compiler refuses the policy. `files`: names with their texts, `.te` or `.cil`. */
export function oracle(
  files: Readonly<Record<string, string>>,
  questions: readonly Asked[],
  flags: readonly string[] = ['--base', 'mini'],
): { readonly answers: readonly Answer[] } | { readonly refused: string } {
  const folder = mkdtempSync(join(tmpdir(), 'kguardian-sepol-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(`${folder}/${name}`, text);
    const input = questions
      .map(({ permission, ...rest }) => JSON.stringify({ op: 'allow', ...rest, perms: permission }))
      .join('\n');
    writeFileSync(`${folder}/questions.jsonl`, input);
    const named = Object.keys(files).filter((name) => /\.(cil|te)$/.test(name));
    const run = (): string =>
      execFileSync(
        `${lab}/oracle-selinux`,
        [...flags, ...named.map((name) => `${folder}/${name}`), `${folder}/questions.jsonl`],
        {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'pipe'],
          maxBuffer: 1 << 26,
        },
      );
    try {
      return { answers: lines(run()) };
    } catch (error) {
      const { status, stdout, stderr } = error as { status?: number; stdout?: string; stderr?: string };
      if (status === 1 && stdout !== undefined) return { answers: lines(stdout) };
      return { refused: stderr ?? String(error) };
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function lines(text: string): Answer[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);
}
