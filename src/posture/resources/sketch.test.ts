import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { error, sketch, type Sketch } from './sketch.ts';

/** The same numbers each time: xorshift, then shapes that usage has. */
function numbers(count: number, shape: (uniform: number) => number): Float64Array {
  const made = new Float64Array(count);
  let state = 88_172_645;
  for (let at = 0; at < count; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    made[at] = shape((state >>> 0) / 2 ** 32);
  }
  return made;
}

const shapes: readonly (readonly [what: string, shape: (uniform: number) => number])[] = [
  ['even', (uniform) => uniform],
  ['heavy tail', (uniform) => 0.01 / (1 - uniform) ** 0.7],
  ['bytes', (uniform) => 1e6 * 2 ** (uniform * 12)],
  ['idle half of the time', (uniform) => (uniform < 0.5 ? 0 : uniform)],
];
const shares = [0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 1];
const million = 1_000_000;

function sketchOf(values: Float64Array): Sketch {
  const made = sketch();
  for (const value of values) made.add(value);
  return made;
}

for (const [what, shape] of shapes)
  test(`quantiles of a million values are within the stated error of the exact ones: ${what}`, () => {
    const values = numbers(million, shape);
    const made = sketchOf(values);
    values.sort();
    for (const share of shares) {
      const exact = values[Math.floor(share * (million - 1))] ?? Number.NaN;
      const [value, above] = [made.quantile(share) ?? Number.NaN, made.atLeast(share) ?? Number.NaN];
      assert.ok(Math.abs(value - exact) <= error * exact * (1 + 1e-9), `${share}: ${value}, exactly ${exact}`);
      assert.ok(above >= exact && above <= exact * (1 + 2.1 * error), `${share}: ${above}, exactly ${exact}`);
    }
  });

test('a thousand sketches merge to the sketch of the whole, in any order', () => {
  const values = numbers(million, (uniform) => 0.01 / (1 - uniform) ** 0.7);
  const whole = sketchOf(values);
  const parts = Array.from({ length: 1000 }, (_, at) => sketchOf(values.subarray(at * 1000, (at + 1) * 1000)));
  for (const order of [parts, parts.toReversed()]) {
    const merged = sketch();
    for (const part of order) merged.merge(part);
    for (const share of shares) assert.equal(merged.quantile(share), whole.quantile(share), `${share}`);
    assert.deepEqual([merged.weight, merged.min, merged.max], [whole.weight, whole.min, whole.max]);
  }
});

test('merging leaves the merged one as it is', () => {
  const [into, from] = [sketch(), sketch()];
  from.add(1);
  into.merge(from);
  into.add(2);
  assert.deepEqual([from.quantile(1), from.weight], [1, 1]);
});

test('a value of some weight is that many values', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.double({ min: 1e-6, max: 1e12, noNaN: true }), fc.integer({ min: 1, max: 9 })), {
        minLength: 1,
      }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, share) => {
        const [weighed, repeated] = [sketch(), sketch()];
        for (const [value, times] of values) {
          weighed.add(value, times);
          for (let time = 0; time < times; time += 1) repeated.add(value);
        }
        assert.equal(weighed.quantile(share), repeated.quantile(share));
      },
    ),
  );
});

test('of what weighs next to nothing the quantile is the highest', () => {
  const made = sketch();
  made.add(1, 0.1);
  made.add(3, 0.1);
  assert.deepEqual([made.quantile(0), made.quantile(1)], [3, 3]);
});

test('of nothing there is no quantile', () => {
  assert.deepEqual([sketch().quantile(0.5), sketch().atLeast(0.5)], [null, null]);
});
