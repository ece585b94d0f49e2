/** Rules of the real recordings, kept as files: a change is read as a diff. `make golden` writes them again. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import { fold } from '#baseline/fold.ts';
import { readRecording } from '#observation/reading.ts';
import type { Recording } from '#observation/recording.ts';
import { proved, replay } from '#proof/replay.ts';
import { everything, made, recording } from './facts.cases.ts';
import { falco } from './index.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

async function real(name: string): Promise<Recording> {
  const text = zstdDecompressSync(readFileSync(here(`../../../recordings/${name}.jsonl.zst`))).toString('utf8');
  return readRecording(text.trimEnd().split('\n'));
}

function isGolden(file: string, text: string): void {
  const golden = here(`golden/${file}`);
  if (process.env['UPDATE_GOLDEN'] !== undefined) {
    mkdirSync(here('golden'), { recursive: true });
    writeFileSync(golden, text);
  }
  assert.equal(text, readFileSync(golden, 'utf8'));
}

for (const name of ['nginx', 'pipeline', 'python'])
  test(`${name} is what it was, and is proved`, async () => {
    const of = await real(name);
    const [baseline] = fold([of]);
    assert.ok(baseline);
    const result = falco.generate({ baselines: [baseline], cluster: null }, falco.options.parse({}));
    assert.ok(result.type === 'artifacts');
    const [artifact] = result.artifacts;
    assert.ok(artifact);
    isGolden(artifact.path, artifact.text);
    assert.ok(proved(replay(falco.evaluator(artifact.text), [of])));
  });

test('something of every activity, in a cluster, as rules and as an override', () => {
  const of = recording(everything);
  const { artifacts } = made(of, { form: 'override' });
  assert.equal(artifacts.length, 2);
  for (const { path, text, judged } of artifacts) {
    isGolden(path, text);
    if (judged !== false) assert.ok(proved(replay(falco.evaluator(text), [of])));
  }
});
