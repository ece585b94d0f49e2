import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Deltas } from './deltas.ts';

const minute = 60_000;
const hour = 60 * minute;

test('a fact is news once; its last sighting is told again when it has moved by a step', () => {
  const deltas = new Deltas();
  deltas.turnTo('files');
  assert.ok(deltas.wants(1, 'a', 0));
  assert.ok(!deltas.wants(1, 'a', 0));
  assert.ok(!deltas.wants(1, 'a', minute - 1));
  assert.ok(deltas.wants(1, 'a', minute));
  assert.ok(!deltas.wants(1, 'a', minute + 1));
});

test('the step grows with the time of watching, to an hour', () => {
  const deltas = new Deltas();
  let told = 0;
  for (let at = 0; at <= 100 * hour; at += minute) if (deltas.wants(1, 'a', at)) told += 1;
  // Once a minute would be six thousand times, once an hour a hundred.
  assert.ok(told > 100 && told < 150, String(told));
});

test('subjects, sensors and keys are kept apart', () => {
  const deltas = new Deltas();
  for (const sensor of ['files', 'dns']) {
    deltas.turnTo(sensor);
    for (const subject of [1, 2]) for (const key of ['a', 'b']) assert.ok(deltas.wants(subject, key, 0));
  }
  assert.equal(deltas.size, 8);
});

test('what was looked at is not looked at again until it moves', () => {
  const deltas = new Deltas();
  assert.ok(deltas.moved(1, 0), 'nothing was looked at');
  assert.ok(deltas.wants(1, 'a', 50_000));
  deltas.considered([1, 2], 100_000);
  assert.ok(!deltas.moved(1, 50_000));
  assert.ok(deltas.moved(1, 99_000), 'the clocks may differ');
});

test('at the end of a container the last word of each fact is told', () => {
  const deltas = new Deltas();
  deltas.wants(1, 'a', 0);
  deltas.considered([1], hour);
  deltas.close(1);
  assert.ok(deltas.moved(1, 30_000));
  assert.ok(deltas.wants(1, 'a', 30_000));
  assert.ok(!deltas.wants(1, 'a', 30_000));
});

test('what was lost on the way is news again', () => {
  const deltas = new Deltas();
  deltas.wants(1, 'a', 0);
  deltas.again(1);
  assert.ok(deltas.wants(1, 'a', 0));
});
