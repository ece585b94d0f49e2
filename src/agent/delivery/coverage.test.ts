import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container } from '#observation/recording.ts';
import { CoverageLedger, type SensorNow } from './coverage.ts';

const container: Container = { type: 'container', id: 'c', workload: 'w', name: 'n', started: 0, fromStart: true };
const sensors = (lost: number, gaps: string[] = []): SensorNow[] => [
  { sensor: 'files', available: true, hook: 'h', lost, gaps },
  { sensor: 'dns', available: false, hook: 'refused', lost: 0, gaps: [] },
];

test('coverage grows from the same begin, and counts what was lost since then', () => {
  const ledger = new CoverageLedger();
  ledger.open(1, 1000, sensors(5));
  const [first] = ledger.lines(1, container, true, 2000, sensors(5));
  const [later] = ledger.lines(1, container, true, 3000, sensors(7));
  assert.deepEqual([first?.from, first?.to, first?.lost], [1000, 2000, 0]);
  assert.deepEqual([later?.from, later?.to, later?.lost], [1000, 3000, 2]);
});

test('a sensor that does not run says so, and has lost nothing', () => {
  const ledger = new CoverageLedger();
  ledger.open(1, 0, sensors(0));
  const [, dns] = ledger.lines(1, container, true, 1, sensors(0));
  assert.deepEqual([dns?.state, dns?.hook, dns?.lost], ['unavailable', 'refused', 0]);
});

test('without facts or changes it is told seldom', () => {
  const ledger = new CoverageLedger();
  ledger.open(1, 0, sensors(0));
  const told = (now: number, state = sensors(0), facts = false): boolean =>
    ledger.lines(1, container, facts, now, state).length > 0;
  assert.ok(told(1));
  assert.ok(!told(10_000));
  assert.ok(told(11_000, sensors(1)), 'something was lost');
  assert.ok(told(12_000, sensors(1, ['a gap'])), 'a gap came to light');
  assert.ok(!told(13_000, sensors(1, ['a gap'])));
  assert.ok(told(14_000, sensors(1, ['a gap']), true), 'facts go with it');
  assert.ok(told(320_000, sensors(1, ['a gap'])), 'it is time');
});

test('after its end a container loses nothing more, but what is lost on the way', () => {
  const ledger = new CoverageLedger();
  ledger.open(1, 0, sensors(0));
  ledger.close(1, 500, sensors(2));
  ledger.close(1, 900, sensors(3));
  ledger.lose(1, 'files', 10);
  const [files] = ledger.lines(1, container, true, 1000, sensors(50));
  assert.deepEqual([files?.to, files?.lost], [500, 12]);
});

test('a container that nobody watches has no coverage', () => {
  const ledger = new CoverageLedger();
  ledger.open(1, 0, sensors(0));
  ledger.forget(1);
  assert.deepEqual(ledger.lines(1, container, true, 1, sensors(0)), []);
});
