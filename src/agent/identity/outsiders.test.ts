import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outsidersAmong } from './outsiders.ts';

const process = (pid: number, parent: number, started: number) => ({ pid, parent, started });
const nobody = (): boolean => false;

const cases: [
  what: string,
  processes: ReturnType<typeof process>[],
  inContainer: (pid: number) => boolean,
  outsiders: number[],
][] = [
  ['nobody', [], nobody, []],
  ['its own processes', [process(10, 1, 5), process(11, 10, 6), process(12, 11, 7)], nobody, []],
  [
    'a session and its children',
    [process(10, 1, 5), process(20, 1, 9), process(21, 20, 10), process(22, 21, 11)],
    nobody,
    [20, 21, 22],
  ],
  ['a session with a lower number', [process(10, 1, 9), process(20, 1, 5)], nobody, [10]],
  [
    'an orphan that fell to the sandbox',
    [process(10, 1, 5), process(20, 2, 9), process(21, 20, 10)],
    (pid) => pid === 2,
    [],
  ],
];

test('who was put into a container from outside', () => {
  for (const [what, processes, inContainer, outsiders] of cases)
    assert.deepEqual(outsidersAmong(processes, inContainer), outsiders, what);
});
