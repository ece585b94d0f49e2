/** Builds test/attacks.c and reads what it tells. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import type { Baseline } from '#baseline/baseline.ts';
import { fold } from '#baseline/fold.ts';
import { readRecording } from '#observation/reading.ts';
import type { Container } from '#observation/recording.ts';
import { attacks } from '#proof/attacks/index.ts';
import type { Scored } from '#proof/score.ts';
import { recordings } from './cli.ts';

/** A folder that holds the program `attacks`, to be bound into a container. */
export function builtAttacks(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const source = fileURLToPath(new URL('attacks.c', import.meta.url));
  execFileSync('gcc', ['-static', '-O1', '-Wall', '-Werror', '-o', `${folder}/attacks`, source]);
  return folder;
}

/** The recorded nginx whose place the attacker takes. */
export async function attackedNginx(): Promise<{ readonly baseline: Baseline; readonly by: Container }> {
  const text = zstdDecompressSync(readFileSync(`${recordings}/nginx.jsonl.zst`)).toString('utf8');
  const recording = await readRecording(text.trimEnd().split('\n'));
  const [baseline] = fold([recording]);
  const [by] = recording.containers;
  assert.ok(baseline && by);
  return { baseline, by };
}

/** `done`, an errno's number, `signal 9`, by the attack's id. */
export function outcomesIn(output: string): Map<string, string> {
  return new Map(
    output
      .trim()
      .split('\n')
      .map((line) => {
        const at = line.indexOf(' ');
        return [line.slice(0, at), line.slice(at + 1)] as const;
      }),
  );
}

/** Network policies are not of one process, and are tried in network namespaces (test/network-enforcement.test.ts). */
export const triable = attacks.filter(({ acts }) => acts.flat().every((act) => act.type !== 'flow'));

/** `wrong`: where score and kernel disagree. `stopped`: how many succeed without, and are stopped as score says. */
export function compared(
  rows: readonly Scored[],
  without: ReadonlyMap<string, string>,
  under: ReadonlyMap<string, string>,
): { readonly wrong: readonly string[]; readonly stopped: number } {
  const outcome = new Map(rows.map(({ attack, all }) => [attack.id, all.outcome]));
  const wrong: string[] = [];
  let stopped = 0;
  for (const { id } of triable) {
    const [free, confined] = [without.get(id), under.get(id)];
    assert.ok(free !== undefined && confined !== undefined, `${id} was not tried`);
    const told = `${id}: score says ${outcome.get(id)}; without ${free}, confined ${confined}`;
    if (outcome.get(id) === 'stopped' && confined === 'done') wrong.push(told);
    if (outcome.get(id) === 'open' && confined !== free) wrong.push(told);
    if (outcome.get(id) === 'stopped' && free === 'done' && confined !== 'done') stopped += 1;
  }
  return { wrong, stopped };
}

/** What the program itself calls besides what it tries. */
export const ownCalls: readonly string[] = [
  ...[
    'execve',
    'brk',
    'arch_prctl',
    'set_tid_address',
    'set_robust_list',
    'rseq',
    'prlimit64',
    'readlinkat',
    'readlink',
  ],
  ...[
    'getrandom',
    'mprotect',
    'mmap',
    'munmap',
    'newfstatat',
    'fstat',
    'write',
    'read',
    'pipe2',
    'clone',
    'close',
    'wait4',
  ],
  ...[
    'exit_group',
    'exit',
    'rt_sigaction',
    'rt_sigprocmask',
    'rt_sigreturn',
    'alarm',
    'kill',
    'clock_nanosleep',
    'dup2',
  ],
  ...[
    'open',
    'openat',
    'prctl',
    'pause',
    'gettid',
    'getpid',
    'tgkill',
    'futex',
    'pidfd_open',
    'connect',
    'unlink',
    'restart_syscall',
  ],
];
