/** Profiles of the real recordings, kept as files: a change is read as a diff. `make golden` writes them again. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import { fold } from '#baseline/fold.ts';
import { readRecording } from '#observation/reading.ts';
import { proved, replay } from '#proof/replay.ts';
import { compiles, withoutOracle } from './oracle.cases.ts';
import { apparmor } from './index.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const forms = {
  '': {},
  '-exact': { exact: true, mode: 'complain' },
  '-children': { children: 'profile' },
} as const;

for (const name of ['nginx', 'pipeline', 'python']) {
  const lines = zstdDecompressSync(readFileSync(here(`../../../recordings/${name}.jsonl.zst`)))
    .toString('utf8')
    .trimEnd()
    .split('\n');
  for (const [form, given] of Object.entries(forms)) {
    const golden = here(`golden/${name}${form}-apparmor.profile`);
    test(`${name}${form} is what it was, and is proved`, async () => {
      const recording = await readRecording(lines);
      const [baseline] = fold([recording]);
      assert.ok(baseline);
      const made = apparmor.generate({ baselines: [baseline], cluster: null }, apparmor.options.parse(given));
      assert.ok(made.type === 'artifacts');
      const text = made.artifacts[0]?.text ?? '';
      if (process.env['UPDATE_GOLDEN'] !== undefined) {
        mkdirSync(here('golden'), { recursive: true });
        writeFileSync(golden, text);
      }
      assert.equal(text, readFileSync(golden, 'utf8'));
      const proof = replay(apparmor.evaluator(text), [recording]);
      assert.ok(proved(proof), JSON.stringify(proof));
    });

    test(`${name}${form} compiles without a warning`, { skip: withoutOracle }, () => {
      const { ok, said } = compiles(readFileSync(golden, 'utf8'));
      assert.ok(ok, said);
      // `network unix` is a rule of its own from 6.17 on; for the kernel of the features file the parser writes the older one.
      const known =
        /^Warning from profile \S+ \(stdin\): downgrading extended network unix socket rule to generic network rule\n+/gm;
      assert.equal(said.replaceAll(known, ''), '');
    });
  }
}
