/** Outside cases (../shared/suites/netpol-sample.jsonl): what other projects and specifications say of 575 flows. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { worldAnswers, worldQuery } from './world.ts';

const file = fileURLToPath(new URL('../../../../shared/suites/netpol-sample.jsonl', import.meta.url));

interface Case {
  readonly id: string;
  readonly profile: string;
  readonly world: unknown;
  readonly flow: unknown;
  readonly expected: 'allow' | 'deny';
  readonly expectedIngress?: 'allow' | 'deny' | null;
  readonly expectedEgress?: 'allow' | 'deny' | null;
}

test('the flows of other projects are judged as they judge them: no false allow, no false deny, nothing unknown', {
  skip: existsSync(file) ? false : 'no ../shared/suites here',
}, () => {
  const answer = worldAnswers();
  const cases = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Case);
  assert.ok(cases.length >= 575);
  const wrong = cases.flatMap(({ id, profile, world, flow, expected, expectedIngress, expectedEgress }) => {
    const { verdict, parts, rule } = answer.answer(worldQuery.parse({ profile, world, flow }));
    const told = [verdict, parts?.['ingress'], parts?.['egress']];
    // A direction that the case leaves open is not compared.
    const wanted = [expected, expectedIngress ?? told[1], expectedEgress ?? told[2]];
    return wanted.every((each, at) => each === told[at]) ? [] : [{ id, wanted, told, rule }];
  });
  assert.deepEqual(wrong, []);
});
