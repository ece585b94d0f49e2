import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  amountOf,
  bytesText,
  coresText,
  cpuQuantity,
  memoryQuantity,
  mebibyte,
  secondsOf,
  timeText,
} from './quantity.ts';

const quantities: readonly (readonly [text: unknown, amount: number | null])[] = [
  ['250m', 0.25],
  ['0.5', 0.5],
  ['.5', 0.5],
  ['2', 2],
  [2, 2],
  ['128974848', 128_974_848],
  ['129e6', 129e6],
  ['129E6', 129e6],
  ['1E', 1e18],
  ['123Mi', 123 * mebibyte],
  ['1.5Gi', 1.5 * 2 ** 30],
  ['1G', 1e9],
  ['12345678n', 0.012345678],
  ['15u', 15e-6],
  ['-1', null],
  ['1 Gi', null],
  ['', null],
  ['Mi', null],
  ['1mi', null],
  [null, null],
];
for (const [text, amount] of quantities)
  test(`${JSON.stringify(text)} is ${amount === null ? 'no quantity' : amount}`, () => {
    const read = amountOf(text);
    if (amount === null) assert.equal(read, null);
    else assert.ok(Math.abs((read ?? Number.NaN) - amount) <= amount * 1e-12, `${read}`);
  });

test('what is written is read as the same', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e9 }), (thousandths) => {
      assert.equal(Math.round((amountOf(cpuQuantity(thousandths / 1000)) ?? -1) * 1000), thousandths);
      assert.equal(amountOf(memoryQuantity(thousandths * mebibyte)), thousandths * mebibyte);
      assert.equal(amountOf(memoryQuantity(thousandths)), thousandths);
    }),
  );
});

test('lengths of time and amounts for people', () => {
  assert.deepEqual(['7d', '12h', '30m', '90s', '1.5h', '7', 'd'].map(secondsOf), [
    604_800,
    43_200,
    1800,
    90,
    5400,
    null,
    null,
  ]);
  assert.deepEqual([0, 59, 604_799, 90_061].map(timeText), ['0 s', '59 s', '6 d 23 h', '1 d 1 h']);
  assert.deepEqual(
    [bytesText(300 * mebibyte), bytesText(1.5 * 2 ** 30), coresText(1), coresText(0.25)],
    ['300 MiB', '1.5 GiB', '1 core', '0.25 cores'],
  );
});
