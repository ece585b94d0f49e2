/** Profiles of the real recordings, kept as files: a change is read as a diff. `make golden` writes them again. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import { fold } from '#baseline/fold.ts';
import { readRecording } from '#observation/reading.ts';
import { proved, replay } from '#proof/replay.ts';
import { seccomp } from './index.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

for (const name of ['nginx', 'pipeline', 'python']) {
  for (const output of ['json', 'yaml'] as const) {
    test(`${name} as ${output} is what it was, and is proved`, async () => {
      const lines = zstdDecompressSync(readFileSync(here(`../../../recordings/${name}.jsonl.zst`)))
        .toString('utf8')
        .trimEnd()
        .split('\n');
      const recording = await readRecording(lines);
      const [baseline] = fold([recording]);
      assert.ok(baseline);
      const result = seccomp.generate({ baselines: [baseline], cluster: null }, seccomp.options.parse({ output }));
      assert.ok(result.type === 'artifacts');
      const text = result.artifacts[0]?.text ?? '';
      const golden = here(`golden/${name}-seccomp.${output}`);
      if (process.env['UPDATE_GOLDEN'] !== undefined) {
        mkdirSync(here('golden'), { recursive: true });
        writeFileSync(golden, text);
      }
      assert.equal(text, readFileSync(golden, 'utf8'));
      assert.ok(proved(replay(seccomp.evaluator(text), [recording])));
    });
  }
}
