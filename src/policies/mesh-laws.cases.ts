/** The laws for a mesh's kind in each of its forms, over random recordings. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fold } from '#baseline/fold.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import { completeRecording, shop } from '#observation/arbitraries.ts';
import type { Recording } from '#observation/recording.ts';
import { enumerate } from '#proof/enumerate.ts';
import { proved, replay } from '#proof/replay.ts';
import type { PolicyKind } from './kind.ts';

/** What is outside of the mesh is known by its address alone: a rollout that changes it is what notes warn of. */
const afterRollout: Cluster = {
  ...shop,
  pods: shop.pods.map((pod, at) => ({
    ...pod,
    name: `${pod.name}-new`,
    labels: { ...pod.labels, 'pod-template-hash': 'new' },
    ips: pod.namespace === 'shop' ? [`10.244.9.${at + 1}`] : pod.ips,
  })),
};

export function lawsInForms(kind: PolicyKind, forms: readonly Record<string, unknown>[]): void {
  function textOf(recording: Recording, form: Record<string, unknown>): string {
    const result = kind.generate({ baselines: fold([recording]), cluster: shop }, kind.options.parse(form));
    assert.equal(result.type, 'artifacts', JSON.stringify(result));
    const own = result.type === 'artifacts' ? result.artifacts : [];
    return own.flatMap(({ text, judged }) => (judged === false ? [] : [text])).join('');
  }
  for (const form of forms)
    void test(`${kind.name} ${JSON.stringify(form)}: complete, tight and blind to order, also after a rollout`, () => {
      fc.assert(
        fc.property(completeRecording, (recording) => {
          const text = textOf(recording, form);
          const turned = {
            ...recording,
            observations: recording.observations.toReversed(),
            containers: recording.containers.toReversed(),
          };
          assert.equal(textOf(turned, form), text);
          for (const cluster of [shop, afterRollout]) {
            const judge = kind.evaluator(text, kind.options.parse(form), cluster);
            assert.ok(proved(replay(judge, [recording])), JSON.stringify(replay(judge, [recording]).offences));
            const bare = enumerate(judge, [recording]).filter(
              ({ verdict, evidence }) => verdict !== 'deny' && evidence === 'none',
            );
            assert.deepEqual(bare, []);
          }
        }),
        { numRuns: 20 },
      );
    });
}
