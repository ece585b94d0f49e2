import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { completeRecording } from '#observation/arbitraries.ts';
import type { Recording } from '#observation/recording.ts';
import type { Baseline } from './baseline.ts';
import { fold, merge } from './fold.ts';

const one = (recording: Recording): Baseline => {
  const [baseline] = fold([recording]);
  assert.ok(baseline);
  return baseline;
};
const baseline = completeRecording.map(one);

test('merging is commutative, associative and idempotent', () => {
  fc.assert(
    fc.property(baseline, baseline, baseline, (a, b, c) => {
      assert.deepEqual(merge(a, b), merge(b, a));
      assert.deepEqual(merge(merge(a, b), c), merge(a, merge(b, c)));
      assert.deepEqual(merge(a, a), a);
    }),
    { numRuns: 60 },
  );
});

test('the order of observations makes no difference, nor does a repeat', () => {
  fc.assert(
    fc.property(completeRecording, fc.nat(), (recording, at) => {
      const { observations } = recording;
      const cut = at % (observations.length + 1);
      const turned = [...observations.slice(cut), ...observations.slice(0, cut), ...observations.slice(0, 3)];
      assert.deepEqual(one({ ...recording, observations: turned }), one(recording));
    }),
    { numRuns: 60 },
  );
});

test('facts that differ only inside a field are two facts', () => {
  fc.assert(
    fc.property(completeRecording, (recording) => {
      const [container] = recording.containers;
      const common = {
        container: container?.id ?? '',
        phase: 'program',
        program: null,
        seen: { first: 1, last: 1, count: 1 },
      } as const;
      const exits = [{ code: 1 }, { code: 2 }, { signal: 1 }].map((outcome) => ({
        type: 'exit' as const,
        ...common,
        outcome,
      }));
      assert.equal(one({ ...recording, observations: exits }).facts.length, 3);
    }),
    { numRuns: 1 },
  );
});

test('a watch that is told of twice in one recording is one, in whatever order its gaps are named', () => {
  fc.assert(
    fc.property(completeRecording, (recording) => {
      const [line] = recording.coverage;
      assert.ok(line);
      const told = (to: number, lost: number, gaps: string[]): Recording['coverage'] => [{ ...line, to, lost, gaps }];
      const twice = fold([{ ...recording, coverage: [...told(9, 1, ['b', 'a']), ...told(5, 3, ['c'])] }]);
      const parts = [told(5, 3, ['c']), told(9, 1, ['a', 'b', 'a'])].map((coverage) => ({ ...recording, coverage }));
      assert.deepEqual(twice, fold(parts));
      assert.deepEqual(
        twice[0]?.coverage.map(({ to, lost, gaps }) => [to, lost, gaps]),
        [[9, 3, ['a', 'b', 'c']]],
      );
    }),
    { numRuns: 3 },
  );
});
