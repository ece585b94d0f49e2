import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { type Judged, labelDocument, labelPlan } from './labels.ts';
import type { Level } from './level.ts';

const judged = (...levels: Level[]): Judged[] =>
  levels.map((level, at) => ({ what: `Pod ${at}`, level, refused: 'x' }));

test('the loosest pod decides, and the level after it is told of', () => {
  for (const [levels, enforce, next, blockers] of [
    [[], 'restricted', 'restricted', 0],
    [['restricted', 'restricted'], 'restricted', 'restricted', 0],
    [['restricted', 'baseline', 'baseline'], 'baseline', 'restricted', 2],
    [['restricted', 'privileged', 'baseline'], 'privileged', 'baseline', 1],
  ] as const) {
    const plan = labelPlan('shop', judged(...levels), {});
    assert.deepEqual([plan.enforce, plan.next, plan.blockers.length], [enforce, next, blockers]);
  }
});

test('a level in force that what runs does not pass is told, one that it passes is not', () => {
  const enforced = (level: string): Level | null =>
    labelPlan('shop', judged('baseline'), { 'pod-security.kubernetes.io/enforce': level }).stricterNow;
  assert.deepEqual(['restricted', 'baseline', 'privileged', 'other'].map(enforced), [
    'restricted',
    null,
    null,
    'restricted',
  ]);
});

test('names from a cluster cannot leave their comment', () => {
  const hostile = [{ what: 'Pod a\nspec: {}', level: 'baseline' as const, refused: 'b\u2028kind: Pod' }];
  const text = labelDocument(labelPlan('shop', hostile, {}), 30);
  assert.deepEqual(Object.keys(parse(text) as object), ['apiVersion', 'kind', 'metadata']);
  assert.equal(text.split('\n').filter((line) => line.startsWith('#')).length, 2);
});
