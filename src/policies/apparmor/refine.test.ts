import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Denial } from '#observation/denial.ts';
import { evaluator } from './evaluate.ts';
import { refine } from './refine.ts';

const text = `abi <abi/3.0>,
include <tunables/global>
profile web flags=(attach_disconnected) {
  /etc/hosts r,
  profile helper {
    /bin/true mr,
  }
}
`;

function denial(fields: Record<string, string>, more: Partial<Denial> = {}): Denial {
  return {
    framework: 'apparmor',
    enforced: true,
    at: null,
    fields: { profile: 'web', ...fields },
    permissions: [],
    count: 1,
    ...more,
  };
}

const file = (name: string, mask: string, more: Record<string, string> = {}): Denial =>
  denial({ operation: 'open', name, requested_mask: mask, denied_mask: mask, fsuid: '0', ouid: '0', ...more });

test('what a log tells becomes the rule for it, and nothing wider', () => {
  const {
    text: refined,
    additions,
    left,
  } = refine(text, [
    file('/srv/a b/{x}*', 'r'),
    file('/var/log/x.log', 'ac', { ouid: '33' }),
    file('/bin/sh', 'x', { operation: 'exec' }),
    denial({
      operation: 'create',
      family: 'unix',
      sock_type: 'stream',
      requested_mask: 'create',
      denied_mask: 'create',
    }),
    denial({ operation: 'capable', capname: 'net_bind_service' }),
    denial({ operation: 'signal', requested_mask: 'send', denied_mask: 'send', signal: 'term', peer: 'web//helper' }),
    denial({ operation: 'ptrace', requested_mask: 'read', denied_mask: 'read', peer: 'unconfined' }),
    denial({
      operation: 'link',
      name: '/a',
      target: '/b',
      requested_mask: 'l',
      denied_mask: 'l',
      fsuid: '1',
      ouid: '2',
    }),
    { ...file('/lib/x.so', 'm'), fields: { ...file('/lib/x.so', 'm').fields, profile: 'web//helper' } },
  ]);
  assert.deepEqual(left, []);
  assert.deepEqual(
    additions.map(({ permission }) => permission),
    [
      '/var/log/x.log w',
      'capability net_bind_service',
      'link /a -> /b',
      'network unix stream',
      String.raw`owner "/srv/a b/\{x\}\*" r`,
      'owner /bin/sh ix',
      'owner /lib/x.so m',
      'ptrace (read) peer=unconfined',
      'signal (send) set=(term) peer=web//helper',
    ],
  );
  const now = evaluator(refined);
  const allows = (path: string, perms: string, owner = false, profile = 'web'): string =>
    now.answer({ op: 'file', path, perms, owner, profile }).verdict;
  assert.equal(allows('/srv/a b/{x}*', 'r', true), 'allow');
  assert.equal(allows('/srv/a b/{x}*', 'r', false), 'deny');
  assert.equal(allows('/srv/a b/{x}y', 'r', true), 'deny');
  assert.equal(allows('/var/log/x.log', 'w'), 'allow');
  assert.equal(allows('/etc/hosts', 'w', true), 'deny');
  assert.equal(allows('/lib/x.so', 'm', true), 'deny');
  assert.equal(allows('/lib/x.so', 'm', true, 'web//helper'), 'allow');
  assert.equal(now.answer({ op: 'signal', direction: 'send', signal: 'kill', peer: 'web//helper' }).verdict, 'deny');
  assert.equal(now.answer({ op: 'network', family: 'unix', type: 'dgram' }).verdict, 'deny');
});

test('what is of somebody else, allowed already or not whole is left, by name and count', () => {
  const {
    text: same,
    additions,
    left,
  } = refine(text, [
    file('/etc/hosts', 'r'),
    denial({}, { framework: 'seccomp', count: 4 }),
    { ...file('/x', 'r'), fields: { ...file('/x', 'r').fields, profile: 'other' } },
    file('memfd:x', 'r'),
    denial({ operation: 'capable', capname: 'cap of a newer kernel' }),
    denial({ operation: 'mount', name: '/mnt/', fstype: 'tmpfs' }),
    file('/x', 'rZ'),
    denial({ operation: 'link', name: '/a', denied_mask: 'l' }),
  ]);
  assert.equal(same, text);
  assert.deepEqual(additions, []);
  assert.deepEqual(left, [
    { reason: 'a file without a path from the root', count: 1 },
    { reason: 'a link that does not tell what it leads to', count: 1 },
    { reason: 'allowed already', count: 1 },
    { reason: 'mount needs a rule that is written by hand', count: 1 },
    { reason: 'no capability "cap of a newer kernel" is known', count: 1 },
    { reason: 'not of AppArmor', count: 4 },
    { reason: 'of another profile', count: 1 },
    { reason: 'permissions "rZ" are not known', count: 1 },
  ]);
});

test('what a program did that complain mode let start belongs to the profile that now starts it', () => {
  const { additions } = refine(text, [
    file('/usr/bin/ls', 'x', { operation: 'exec', target: 'web//null-/usr/bin/ls' }),
    file('/srv', 'r', { profile: 'web//null-/usr/bin/ls', ouid: '5' }),
  ]);
  assert.deepEqual(
    additions.map(({ permission }) => permission),
    ['/srv r', 'owner /usr/bin/ls ix'],
  );
});

test('repeats count and are written once; a refined profile needs no more', () => {
  const twice = [file('/a', 'r', { ouid: '7' }), { ...file('/a', 'r', { ouid: '7' }), enforced: false, count: 5 }];
  const once = refine(text, twice);
  assert.deepEqual(once.additions, [{ permission: '/a r', count: 6 }]);
  assert.equal(once.text.split('/a r,').length, 2);
  assert.equal(refine(once.text, twice).text, once.text);
});
