import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Tenures } from './tenures.ts';

/** Longer than the slack for clocks. */
const minute = 60_000;

test('an address that goes from one to the next names at each time the one that had it', () => {
  const lives = fc.array(fc.record({ gap: fc.integer({ min: 1, max: 5 }), length: fc.integer({ min: 1, max: 5 }) }), {
    minLength: 1,
    maxLength: 12,
  });
  fc.assert(
    fc.property(lives, (all) => {
      const tenures = new Tenures<string>();
      const held: { who: string; from: number; until: number }[] = [];
      let now = 0;
      for (const [at, { gap, length }] of all.entries()) {
        const who = `pod-${at}`;
        now += gap * minute;
        const from = now;
        tenures.hold(who, who, ['10.0.0.1'], from, false, now);
        now += length * minute;
        tenures.leave(who, now);
        held.push({ who, from, until: now });
      }
      for (let time = minute / 2; time < now + 5 * minute; time += minute) {
        const expected = held.filter(({ from, until }) => from <= time && time <= until).map(({ who }) => who);
        assert.deepEqual(tenures.at('10.0.0.1', time), expected, `at ${time}`);
      }
    }),
  );
});

test('where two may have it at once, both are told; one that is about to leave gives way', () => {
  const tenures = new Tenures<string>();
  tenures.hold('a', 'a', ['10.0.0.1'], 0, false, 0);
  tenures.hold('b', 'b', ['10.0.0.1'], 10 * minute, false, 10 * minute);
  assert.deepEqual(tenures.at('10.0.0.1', 11 * minute), ['a', 'b']);
  tenures.hold('a', 'a', ['10.0.0.1'], 0, true, 9 * minute);
  assert.deepEqual(tenures.at('10.0.0.1', 11 * minute), ['b']);
  assert.deepEqual(tenures.at('10.0.0.1', 8 * minute), ['a']);
});

test('one that is about to leave has its address until somebody else does', () => {
  const tenures = new Tenures<string>();
  tenures.hold('a', 'a', ['10.0.0.1'], 0, true, minute);
  assert.deepEqual(tenures.at('10.0.0.1', 2 * minute), ['a']);
});

test('an address that a holder names no more is not its own from then on', () => {
  const tenures = new Tenures<string>();
  tenures.hold('a', 'a', ['10.0.0.1', 'fd00::1'], 0, false, 0);
  tenures.hold('a', 'a', ['fd00::1'], 0, false, 5 * minute);
  assert.deepEqual(tenures.at('10.0.0.1', 4 * minute), ['a']);
  assert.deepEqual(tenures.at('10.0.0.1', 6 * minute), []);
  assert.deepEqual(tenures.at('fd00::1', 6 * minute), ['a']);
});

test('what ended is remembered until it is told to be forgotten', () => {
  const tenures = new Tenures<string>();
  tenures.hold('a', 'a', ['10.0.0.1'], 0, false, 0);
  tenures.leave('a', 5 * minute);
  tenures.forget(4 * minute);
  assert.deepEqual(tenures.at('10.0.0.1', 3 * minute), ['a']);
  tenures.forget(6 * minute);
  assert.deepEqual([tenures.at('10.0.0.1', 3 * minute), tenures.has('10.0.0.1')], [[], false]);
});
