/**
 * Profiles that we write, against what the official compiler makes of them: every question beside what they allow, and
 * every permission that they list. So no rule vanished, and none says more than the evaluator thinks.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { evaluator } from './evaluate.ts';
import { allOf, readProfiles } from './language/read.ts';
import { oracle, withoutOracle } from './oracle.cases.ts';
import { query, type Query } from './query.ts';

const folder = fileURLToPath(new URL('golden', import.meta.url));
const golden = readdirSync(folder).filter((name) => name.endsWith('.profile'));
let compared = 0;

test('there are profiles to ask', () => assert.ok(golden.length >= 9));

for (const name of golden) {
  test(`${name} is answered as the official compiler answers`, { skip: withoutOracle, timeout: 120_000 }, () => {
    const text = readFileSync(`${folder}/${name}`, 'utf8');
    const ours = evaluator(text);
    const asked: Query[] = [];
    for (const { query: each } of ours.neighbours()) {
      asked.push(each);
      if (each.op === 'file') asked.push({ ...each, owner: false });
      if (each.op === 'file' && each.perms === 'x')
        asked.push(query.parse({ op: 'exec', profile: each.profile, path: each.path }));
    }
    for (const { name: profile } of allOf(readProfiles(text).profiles))
      for (const peer of ['unconfined', 'runc', 'crun', profile, 'other'])
        for (const direction of ['send', 'receive'] as const)
          asked.push({ op: 'signal', profile, direction, signal: 'term', peer });
    const { answers, said } = oracle(text, asked);
    assert.ok(answers !== null, said);
    for (const [at, each] of asked.entries()) {
      const verdict = ours.answer(each);
      assert.equal(
        verdict.verdict === 'allow',
        answers[at]?.allowed,
        `${JSON.stringify(each)} ${JSON.stringify(verdict)}`,
      );
      compared += 1;
    }
  });
}

test('over five thousand answers were compared', { skip: withoutOracle }, (context) => {
  assert.ok(compared > 5000, `${compared}`);
  context.diagnostic(`${compared} answers`);
});
