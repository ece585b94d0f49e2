import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { Observation } from '#observation/observation.ts';
import { proved, replay } from '#proof/replay.ts';
import { UnreadableArtifact } from '../kind.ts';
import { faults, officialCrd, withoutSchemas } from '../official-schemas.cases.ts';
import { evaluator } from './evaluate.ts';
import { exec, file, made, recording } from './facts.cases.ts';
import { apparmor } from './index.ts';
import { knownOfBase, profileOfObject } from './operator-object.ts';
import { compiles, withoutOracle } from './oracle.cases.ts';
import { query } from './query.ts';

const seen = { first: 1, last: 1, count: 1 };
const common = { container: 'run', phase: 'program', program: '/app', seen } as const;
const sayable: readonly Observation[] = [
  file('/etc/app.conf', 'read'),
  file('/var/log/app.log', 'append'),
  file('/var/lib/app/state', 'read'),
  file('/var/lib/app/state', 'write'),
  file('/usr/lib/libz.so.1.2.13', 'map-executable'),
  exec('/bin/sh'),
  { type: 'listen', ...common, protocol: 'tcp', ip: '0.0.0.0', port: 80 },
  { type: 'capability', ...common, name: 'CAP_NET_BIND_SERVICE', granted: true, syscall: null, filtered: true },
  { type: 'signal', ...common, direction: 'send', signal: 15, other: { type: 'self' } },
];
const both = (all: readonly Observation[]): ReturnType<typeof made> => made(recording(all), { output: 'both' });
const objectOf = (all: readonly Observation[]): string =>
  both(all).artifacts.find(({ path }) => path.endsWith('apparmor.yaml'))?.text ?? '';

test('an AppArmorProfile holds each path in one list, and says what it allows besides', () => {
  const { artifacts, notes } = both(sayable);
  assert.deepEqual(
    artifacts.map(({ path }) => path),
    ['shop-apparmor.profile', 'shop-apparmor.yaml'],
  );
  assert.deepEqual(parse(objectOf(sayable)), {
    apiVersion: 'security-profiles-operator.x-k8s.io/v1',
    kind: 'AppArmorProfile',
    metadata: { name: 'kguardian-shop' },
    spec: {
      abstract: {
        capability: { allowedCapabilities: ['net_bind_service'] },
        executable: { allowedExecutables: ['/bin/sh'], allowedLibraries: ['/usr/lib/libz.so.1.?*'] },
        filesystem: {
          readOnlyPaths: ['/etc/app.conf'],
          writeOnlyPaths: ['/var/log/app.log'],
          readWritePaths: ['/var/lib/app/state'],
        },
        network: { allowedProtocols: { allowTcp: true } },
      },
      mode: 'Enforce',
    },
  });
  assert.ok(
    notes.some((note) => /allows more than the text: .*inet and inet6.*any character/.test(note)),
    notes.join('\n'),
  );
});

test('the object follows the official schema', { skip: withoutSchemas }, () => {
  const official = officialCrd(
    'security-profiles-operator',
    'security-profiles-operator.x-k8s.io/v1',
    'AppArmorProfile',
  );
  assert.deepEqual(faults(parse(objectOf(sayable)), official), []);
});

test('what the operator makes of it compiles, and allows what was seen', { skip: withoutOracle }, () => {
  const text = profileOfObject(objectOf(sayable));
  const { ok, said } = compiles(text);
  assert.ok(ok, said);
});

test('its judge reads it as the operator does', () => {
  const text = objectOf(sayable);
  assert.ok(apparmor.recognises(text));
  assert.ok(proved(replay(evaluator(text), [recording(sayable)])));
  const may = (path: string, perms: string): string =>
    evaluator(text).answer(query.parse({ op: 'file', path, perms })).verdict;
  assert.deepEqual([may('/etc/app.conf', 'w'), may('/var/log/app.log', 'r')], ['deny', 'deny']);
  // What abstractions/base of the node says, nobody knows here.
  assert.equal(may('/etc/other', 'r'), 'unknown');
});

const unsayable: readonly (readonly [what: string, observation: Observation, says: RegExp])[] = [
  [
    'a socket of another family',
    { type: 'socket', ...common, family: 'netlink', kind: 'raw', protocol: 0 },
    /network netlink raw/,
  ],
  ['a lock on what is only read', file('/etc/app.conf', 'lock'), /\/etc\/app\.conf/],
  ['a name with a quote', file('/srv/a"b', 'read'), /the path/],
  ['a mount', { type: 'mount', ...common, source: 'tmpfs', target: '/mnt', fstype: 'tmpfs', flags: [] }, /mount/],
  ['a link', file('/b', 'link-to'), /hard links/],
  ['what its template denies', file('/proc/sysrq-trigger', 'write'), /deny @\{PROC\}/],
];
for (const [what, observation, says] of unsayable)
  test(`${what} does not fit: no object is written, and a note says why`, () => {
    const { artifacts, notes } = both([...sayable, observation]);
    assert.equal(artifacts.length, 1);
    assert.ok(
      notes.some((note) => note.startsWith('no AppArmorProfile was written') && says.test(note)),
      notes.join('\n'),
    );
    assert.throws(() => made(recording([...sayable, observation]), { output: 'yaml' }), says);
  });

test('an object with a path that is language is refused', () => {
  for (const path of ['/a,\n  /etc/shadow rw', '/a"', '/a[b]', 'a'])
    assert.throws(
      () => evaluator(objectOf(sayable).replace('/etc/app.conf', JSON.stringify(path))),
      UnreadableArtifact,
    );
});

const base = '/etc/apparmor.d/abstractions/base';
test('abstractions/base has what is known of it', { skip: existsSync(base) ? false : `no ${base} here` }, () => {
  const text = readFileSync(base, 'utf8');
  for (const line of knownOfBase) assert.ok(text.includes(`\n  ${line}\n`), line);
});
