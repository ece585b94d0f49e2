/** `--children profile`: each started program under a profile of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proved, replay } from '#proof/replay.ts';
import { evaluator } from './evaluate.ts';
import { exec, file, profileOf, recording } from './facts.cases.ts';

test('programs get profiles of their own on demand, each with what it was seen to do', () => {
  const all = [
    exec('/app', null),
    exec('/bin/sh'),
    exec('/bin/cat', '/bin/sh'),
    file('/a', 'read'),
    file('/b', 'read', { program: '/bin/cat' }),
  ];
  const text = profileOf(all, { children: 'profile' });
  const ours = evaluator(text);
  const may = (profile: string, path: string): string =>
    ours.answer({ op: 'file', profile, path, perms: 'r', owner: false }).verdict;
  assert.deepEqual(
    ['/a', '/b'].map((path) => may('kguardian-shop', path)),
    ['allow', 'deny'],
  );
  assert.deepEqual(
    ['/a', '/b'].map((path) => may('kguardian-shop//bin.cat', path)),
    ['deny', 'allow'],
  );
  assert.equal(
    ours.answer({ op: 'exec', profile: 'kguardian-shop//bin.sh', path: '/bin/cat', owner: false }).verdict,
    'allow',
  );
  assert.equal(ours.answer({ op: 'exec', path: '/bin/cat', owner: false }).verdict, 'deny');
  assert.ok(proved(replay(ours, [recording(all)])));
});

test('a script is started by its own path, and runs under the profile of its interpreter', () => {
  const all = [
    exec('/app', null),
    { ...exec('/bin/sh'), calledAs: '/s.sh' },
    file('/s.sh', 'execute', { program: '/bin/sh' }),
    file('/s.sh', 'read', { program: '/bin/sh' }),
  ];
  const text = profileOf(all, { children: 'profile' });
  assert.match(text, /^ {2}\/s\.sh px -> kguardian-shop\/\/bin\.sh,$/m);
  assert.ok(proved(replay(evaluator(text), [recording(all)])), text);
  assert.ok(proved(replay(evaluator(profileOf(all)), [recording(all)])));
});

test('what a caller wrote may be found open, and is allowed; what it read is not', () => {
  const all = [
    exec('/app', null),
    exec('/bin/date'),
    file('/tmp/out', 'write'),
    file('/etc/secret', 'read'),
    file('/etc/localtime', 'read', { program: '/bin/date' }),
  ];
  const ours = evaluator(profileOf(all, { children: 'profile' }));
  const may = (path: string, perms: string): string =>
    ours.answer({ op: 'file', profile: 'kguardian-shop//bin.date', path, perms, owner: false }).verdict;
  assert.deepEqual(
    [may('/tmp/out', 'w'), may('/etc/localtime', 'r'), may('/etc/secret', 'r')],
    ['allow', 'allow', 'deny'],
  );
});
