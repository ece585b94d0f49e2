/** Policies of the real recordings, kept as files: a change is read as a diff. `make golden` writes them again. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fold } from '#baseline/fold.ts';
import { proved, replay } from '#proof/replay.ts';
import { selinux } from './index.ts';
import { realRecordings } from './recordings.cases.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const forms = [
  ['paths', { output: 'cil' }],
  ['mount', { output: 'cil', labels: 'mount' }],
  ['module', { output: 'te' }],
  ['object', { output: 'spo' }],
] as const;

for (const { name, recording } of await realRecordings())
  for (const [form, flags] of forms)
    test(`${name} as ${form} is what it was, and is proved`, () => {
      const [baseline] = fold([recording]);
      assert.ok(baseline);
      const made = selinux.generate({ baselines: [baseline], cluster: null }, selinux.options.parse(flags));
      assert.ok(made.type === 'artifacts', JSON.stringify(made));
      for (const { path, text } of made.artifacts) {
        const golden = here(`golden/${form}-${path}`);
        if (process.env['UPDATE_GOLDEN'] !== undefined) {
          mkdirSync(here('golden'), { recursive: true });
          writeFileSync(golden, text);
        }
        assert.equal(text, readFileSync(golden, 'utf8'));
      }
      const [first] = made.artifacts;
      assert.ok(first && proved(replay(selinux.evaluator(first.text), [recording])));
    });
