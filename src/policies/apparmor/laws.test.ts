/** The laws once more, over recordings that are about files, in few folders, so that patterns and owners meet. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Observation } from '#observation/observation.ts';
import { replay } from '#proof/replay.ts';
import { evaluator } from './evaluate.ts';
import { exec, file, made, profileOf, recording } from './facts.cases.ts';

const names = fc.oneof(
  fc.integer({ min: 0, max: 30 }).map((at) => `n${at}x`),
  fc.constantFrom(
    '0000000001',
    '0000000002',
    'seg-2026-11-26',
    'up.aB3xY9',
    'up.zZ9yX8',
    '..2026_11_26_03_10_59.1',
    'libz.so.1.2',
    'libz.so.1.3',
    'a b',
    'a*',
    '{x}',
    '12',
    'x',
  ),
);
const folders = fc.constantFrom(
  '/srv/data',
  '/srv/data/deep',
  '/tmp',
  '/etc/app',
  '/usr/lib',
  '/proc/12',
  '/proc/13/fd',
  '/var/lib/made',
  '/var/lib/made/deep',
);
const access = fc.constantFrom(
  'read',
  'write',
  'append',
  'create',
  'truncate',
  'list',
  'map-executable',
  'mkdir',
  'unlink',
  'rename-from',
  'rename-to',
  'link-from',
  'link-to',
  'chmod',
  'lock',
  'execute',
);
const fileFact = fc
  .record({
    folder: folders,
    name: names,
    access,
    owner: fc.constantFrom(true, false, null),
    program: fc.constantFrom('/app', '/bin/sh', null),
  })
  .map(({ folder, name, access: what, owner, program }): Observation => {
    const unclear = ['rename-from', 'rename-to', 'chmod'].includes(what);
    return file(`${folder}/${name}`, what, { owner, program, ...(unclear ? { kind: 'unknown' } : {}) });
  });
const fact = fc.oneof(
  { weight: 8, arbitrary: fileFact },
  fc.constantFrom('/bin/sh', '/bin/cat').map((path) => exec(path)),
  fc
    .constantFrom('/var/lib/made', '/var/lib/made/deep', '/srv/data/deep')
    .map((path) => file(path, 'mkdir', { owner: null })),
  folders.map((path) => file(path, 'list')),
);
const facts = fc.array(fact, { minLength: 1, maxLength: 60 });
const options = fc.record({
  exact: fc.boolean(),
  fold: fc.constantFrom(2, 5, 50),
  children: fc.constantFrom('inherit' as const, 'profile' as const),
});

test('complete: all that was observed is allowed, whatever is folded', () => {
  fc.assert(
    fc.property(facts, options, (all, given) => {
      const { artifacts, leftOut } = made(recording(all), given);
      const said = recording(all.filter((each) => leftOut?.(each) !== true));
      const { denied, offences } = replay(evaluator(artifacts[0]?.text ?? ''), [said]);
      assert.equal(denied, 0, JSON.stringify(offences));
    }),
    { numRuns: 300 },
  );
});

test('blind to order and repeats', () => {
  fc.assert(
    fc.property(facts, options, (all, given) => {
      assert.equal(profileOf([...all.toReversed(), ...all.slice(0, 3)], given), profileOf(all, given));
    }),
    { numRuns: 100 },
  );
});

test('monotone: with more evidence nothing is refused that was allowed before', () => {
  fc.assert(
    fc.property(facts, facts, options, (one, other, chosen) => {
      // A profile of its own takes a program's permissions from the container's.
      const given = { ...chosen, children: 'inherit' };
      const before = evaluator(profileOf(one, given));
      const after = evaluator(profileOf([...one, ...other], given));
      const asked = [...one, ...other].flatMap((each) => (each.type === 'file' ? each.path : []));
      for (const path of asked)
        for (const perms of ['r', 'w', 'm', 'k'])
          for (const owner of [true, false]) {
            const query = { op: 'file', path, perms, owner } as const;
            if (before.answer(query).verdict === 'allow')
              assert.equal(after.answer(query).verdict, 'allow', JSON.stringify(query));
          }
    }),
    { numRuns: 100 },
  );
});

test('tight: without patterns, a path that was not seen with an access is refused it', () => {
  fc.assert(
    fc.property(facts, (all) => {
      const ours = evaluator(profileOf(all, { exact: true }));
      const files = all.flatMap((each) => (each.type === 'file' ? each : []));
      const touched = new Set(files.map(({ path }) => path));
      const read = new Set(
        files.filter(({ access: what }) => ['read', 'rename-from'].includes(what)).map(({ path }) => path),
      );
      for (const path of touched) {
        for (const perms of ['r', 'w', 'm', 'k', 'x'])
          assert.equal(
            ours.answer({ op: 'file', path: `${path}~`, perms, owner: true }).verdict,
            'deny',
            `${path}~ ${perms}`,
          );
        if (!read.has(path))
          assert.equal(ours.answer({ op: 'file', path, perms: 'r', owner: true }).verdict, 'deny', path);
      }
    }),
    { numRuns: 100 },
  );
});

test('sensitive places: nothing beside what was seen, whatever is folded', () => {
  fc.assert(
    fc.property(facts, fc.constantFrom(2, 5), (all, fold) => {
      const ours = evaluator(profileOf([...all, file('/etc/app/conf', 'read')], { fold }));
      for (const path of ['/etc/app/other', '/etc/shadow', '/proc/sys/kernel/core_pattern', '/root/x', '/dev/mem'])
        for (const perms of ['r', 'w'])
          assert.equal(ours.answer({ op: 'file', path, perms, owner: true }).verdict, 'deny', path);
    }),
    { numRuns: 50 },
  );
});

test('every pattern has a reason, and every path that stands for itself none', () => {
  fc.assert(
    fc.property(facts, (all) => {
      for (const line of profileOf(all)
        .split('\n')
        .filter((each) => /^ {2}(owner )?["/@]/.test(each))) {
        const [rule = '', remark] = line.split(/, # /);
        const open = /(?<!\\)[*[]|@\{(pid|multiarch)\}/.test(rule);
        assert.equal(remark !== undefined, open, line);
      }
    }),
    { numRuns: 100 },
  );
  assert.equal(
    made(recording([file('/a', 'read')])).notes.some((note) => note.includes('patterns')),
    false,
  );
});
