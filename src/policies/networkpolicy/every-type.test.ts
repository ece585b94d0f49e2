/** The laws for every type of policy, over random recordings. The laws for all kinds are in `../laws.test.ts`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fold } from '#baseline/fold.ts';
import { completeRecording, shop } from '#observation/arbitraries.ts';
import type { Recording } from '#observation/recording.ts';
import { enumerate } from '#proof/enumerate.ts';
import { proved, replay } from '#proof/replay.ts';
import { networkpolicy } from './index.ts';
import { types } from './options.ts';

function textOf(recording: Recording, given: Record<string, unknown>): string {
  const result = networkpolicy.generate(
    { baselines: fold([recording]), cluster: shop },
    networkpolicy.options.parse(given),
  );
  assert.equal(result.type, 'artifacts', JSON.stringify(result));
  return result.type === 'artifacts' ? result.artifacts.map(({ text }) => text).join('') : '';
}

for (const type of types) {
  test(`${type}: complete, tight and blind to order, also after a rollout`, () => {
    fc.assert(
      fc.property(completeRecording, (recording) => {
        const text = textOf(recording, { type });
        const turned = {
          ...recording,
          observations: recording.observations.toReversed(),
          containers: recording.containers.toReversed(),
        };
        assert.equal(textOf(turned, { type }), text);
        const after = {
          ...shop,
          pods: shop.pods.map((pod, at) => ({
            ...pod,
            name: `${pod.name}-new`,
            labels: { ...pod.labels, 'pod-template-hash': 'new' },
            ips: [`10.244.9.${at + 1}`],
          })),
        };
        for (const cluster of [shop, after]) {
          const judge = networkpolicy.evaluator(text, {}, cluster);
          assert.ok(proved(replay(judge, [recording])), JSON.stringify(replay(judge, [recording]).offences));
          const bare = enumerate(judge, [recording]).filter(
            ({ verdict, evidence }) => verdict !== 'deny' && evidence !== 'observed',
          );
          assert.deepEqual(
            bare.filter(({ evidence }) => evidence !== 'reason'),
            [],
          );
        }
      }),
      { numRuns: 25 },
    );
  });
}
