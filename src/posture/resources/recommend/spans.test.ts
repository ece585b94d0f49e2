import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { days, secondsCovered, type Span, spans, weightOf } from './spans.ts';

const span = fc.record({
  at: fc.integer({ min: 0, max: 300 }),
  value: fc.constant(1),
  seconds: fc.integer({ min: 1, max: 40 }),
});

test('what is covered is every second that any sample stands for, in whatever order they come, once', () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 40 }), fc.boolean(), (all, inOrder) => {
      const given = inOrder ? all.toSorted((a, b) => a.at - b.at) : all;
      const seconds = new Set(
        given.flatMap(({ at, seconds }) => Array.from({ length: seconds }, (_, back) => at - back)),
      );
      assert.equal(secondsCovered(given), seconds.size);
    }),
  );
});

test('a sample stands for the time since the one before, a hole for three steps, a lone one for next to nothing', () => {
  const of = (...times: readonly number[]): number[] => spans(times.map((at) => [at, 1])).map(({ seconds }) => seconds);
  assert.deepEqual(of(), []);
  assert.deepEqual(of(100), [1]);
  assert.deepEqual(of(0, 60, 120, 1000, 1060), [60, 60, 60, 180, 60]);
});

test('days go back from the newest sample, and tell how much of them was seen', () => {
  const hours = Array.from({ length: 30 }, (_, at): Span => ({ at: 1e6 + at * 3600, value: 1, seconds: 3600 }));
  const newest = 1e6 + 29 * 3600;
  assert.deepEqual(
    days([...hours, ...hours], newest).map(({ since, seen, spans: own }) => [newest - since, seen, own.length]),
    [
      [2 * 86_400, 6 * 3600, 12],
      [86_400, 24 * 3600, 48],
    ],
  );
});

test('old samples weigh half after a half-life, and always something', () => {
  const weight = (age: number, halfLife: number): number =>
    weightOf({ at: 1e9 - age, value: 1, seconds: 60 }, 1e9, halfLife);
  assert.deepEqual([weight(0, 60), weight(60, 60), weight(1e6, 0)], [60, 30, 60]);
  assert.ok(weight(1e8, 1) > 0);
});
