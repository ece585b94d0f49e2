/** The listed attacks (src/proof/attacks) against the rules of a real recording: which are told of, and why the others are not. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import { readRecording } from '#observation/reading.ts';
import { seccomp } from '../seccomp/index.ts';
import { fold } from '#baseline/fold.ts';
import { anyProgram, score } from '#proof/score.ts';
import { falco } from './index.ts';

const file = fileURLToPath(new URL('../../../recordings/nginx.jsonl.zst', import.meta.url));
const recording = await readRecording(zstdDecompressSync(readFileSync(file)).toString('utf8').trimEnd().split('\n'));
const [by] = recording.containers;
const [baseline] = fold([recording]);

/** What nothing is told of, with the reason. */
const untold: Readonly<Record<string, string>> = {
  'become-root': 'nginx calls setuid itself, to become its own user',
};

test('each attack is told of by the rule that is about it, but for those that the program itself would make', () => {
  assert.ok(by && baseline);
  const result = falco.generate({ baselines: [baseline], cluster: null }, falco.options.parse({}));
  assert.ok(result.type === 'artifacts');
  const judge = falco.evaluator(result.artifacts[0]?.text ?? '');
  const rows = score([judge], { arch: 'x86_64', by, program: anyProgram });
  const open = rows
    .filter(({ all }) => all.outcome !== 'told')
    .map(({ attack, all }) => `${attack.id}: ${all.outcome}`);
  assert.deepEqual(
    open,
    Object.keys(untold).map((id) => `${id}: open`),
  );
  const ruleOf = (id: string): string =>
    (rows.find(({ attack }) => attack.id === id)?.all.rule ?? '').replace(/ in nginx.*/, '');
  for (const [id, rule] of [
    ['run-sh', 'Unexpected program'],
    ['read-shadow', 'Unexpected sensitive file read'],
    ['read-environment', 'Unexpected sensitive file read'],
    ['docker-socket', 'Unexpected runtime socket reached'],
    ['write-cron', 'Unexpected file written'],
    ['remove-logs', 'Unexpected path changed'],
    ['ptrace', 'Unexpected privileged call'],
    ['raw-socket', 'Unexpected kind of socket'],
    ['reverse-shell', 'Unexpected outbound connection'],
  ] as const)
    assert.equal(ruleOf(id), rule, id);
});

test('what is told of is not said to be stopped, and what another artifact stops is', () => {
  assert.ok(by && baseline);
  const texts = [falco, seccomp].map((kind) => {
    const result = kind.generate({ baselines: [baseline], cluster: null }, kind.options.parse({}) as never); // each its own
    assert.ok(result.type === 'artifacts');
    return result.artifacts[0]?.text ?? '';
  });
  const judges = [falco.evaluator(texts[0] ?? ''), seccomp.evaluator(texts[1] ?? '')];
  const rows = score(judges, { arch: 'x86_64', by, program: anyProgram });
  const of = (id: string): string[] => {
    const row = rows.find(({ attack }) => attack.id === id);
    return [...(row?.each ?? []).map(({ outcome }) => outcome), row?.all.outcome ?? ''];
  };
  assert.deepEqual(of('bpf'), ['told', 'stopped', 'stopped']);
  assert.deepEqual(of('read-shadow'), ['told', 'open', 'told']);
  assert.ok(rows.every(({ each }) => each[0]?.outcome !== 'stopped'));
});
