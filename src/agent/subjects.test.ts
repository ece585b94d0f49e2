import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Subject, Subjects } from './subjects.ts';

test('a number that was given back means nobody, however often its place is used again', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 200 }), (steps) => {
      const subjects = new Subjects(8);
      const held: number[] = [];
      const back = new Set<number>();
      for (const step of steps) {
        if (step % 2 === 0) {
          const taken = subjects.take();
          assert.equal(taken === null, held.length === 7, 'seven places, and nobody has place 0');
          if (taken === null) continue;
          assert.ok(taken.number % 8 !== 0 && !back.has(taken.number) && !held.includes(taken.number));
          held.push(taken.number);
        } else {
          const [number] = held.splice(step % Math.max(1, held.length), 1);
          if (number === undefined) continue;
          subjects.release(number);
          back.add(number);
        }
        for (const number of back) assert.equal(subjects.of(number), null);
        for (const number of held) assert.equal(subjects.of(number)?.number, number);
        assert.equal(subjects.used, held.length);
      }
    }),
  );
});

test('names lead to an address, the ones asked for longest ago are forgotten', () => {
  const subject = new Subject(1);
  for (let at = 0; at < 4096; at += 1) subject.noteName('n', `10.0.${at >> 8}.${at & 255}`);
  subject.noteName('again', '10.0.0.0');
  subject.noteName('new', '192.0.2.1');
  assert.deepEqual([...(subject.names.get('10.0.0.0') ?? [])], ['n', 'again']);
  assert.equal(subject.names.has('10.0.0.1'), false);
  assert.equal(subject.names.size, 4096);
});
