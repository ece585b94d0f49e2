import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { Observation } from '#observation/observation.ts';
import { proved, replay } from '#proof/replay.ts';
import { evaluator } from './evaluate.ts';
import { exec, file, fileRulesOf, made, profileOf, recording } from './facts.cases.ts';
import { apparmor } from './index.ts';

const seen = { first: 1, last: 1, count: 1 };
const common = { container: 'run', phase: 'program', program: '/app', seen } as const;
const rules = (all: readonly Observation[], options: Record<string, unknown> = {}): string[] =>
  fileRulesOf(profileOf(all, options));

/** What was done, and the rules for it. */
const table: readonly (readonly [what: string, all: readonly Observation[], rules: readonly string[]])[] = [
  ['a file that is read and mapped', [file('/a/x', 'read'), file('/a/x', 'map-executable')], ['/a/x rm,']],
  ['a folder that is listed', [file('/a', 'list'), file('/', 'list')], ['/ r,', '/a/ r,']],
  [
    'a folder that is made and removed',
    [file('/a', 'mkdir', { owner: null }), file('/b', 'rmdir')],
    ['owner /a/ w,', '/b/ w,'],
  ],
  [
    'a file that is made, written and removed',
    [file('/a', 'create', { owner: true }), file('/a', 'unlink', { owner: null, kind: 'unknown' })],
    ['/a w,'],
  ],
  ['a file of its own', [file('/a', 'read', { owner: true }), file('/a', 'write', { owner: true })], ['owner /a rw,']],
  [
    'a file that was not always its own',
    [file('/a', 'read', { owner: true }), file('/a', 'read', { program: '/b' })],
    ['/a r,'],
  ],
  [
    'a rename',
    [file('/a', 'rename-from', { kind: 'unknown' }), file('/b', 'rename-to', { kind: 'unknown' })],
    ['/a rw,', '/a/ rw,', '/b w,', '/b/ w,'],
  ],
  ['a link', [file('/a', 'link-from'), file('/b', 'link-to')], ['link /b -> /a,']],
  ['a lock', [file('/a', 'lock'), file('/a', 'read')], ['/a rk,']],
  ['an append, which may come with O_CREAT', [file('/a', 'append')], ['/a w,']],
  ['a program that is started, but not the entrypoint', [exec('/bin/sh'), exec('/app', null)], ['/bin/sh ix,']],
  [
    'a script',
    [file('/s', 'execute', { program: '/bin/sh' }), file('/bin/sh', 'execute', { program: '/bin/sh' })],
    ['/s ix,'],
  ],
  [
    'numbers of processes and threads',
    [file('/proc/12/status', 'read'), file('/proc/12/task/13/comm', 'write'), file('/proc/self', 'read')],
    ['/proc/self r,', '@{PROC}/@{pid}/status r,', '@{PROC}/@{pid}/task/@{pid}/comm w,'],
  ],
  [
    'an identifier',
    [file('/var/lib/x/0b0c3d62-9d3a-4f8e-8b1a-2f5a1c3d4e5f.dat', 'read')],
    ['/var/lib/x/[0-9a-f]*.dat r,'],
  ],
  [
    'a large number',
    [file('/var/lib/x/seg-0000000001', 'write'), file('/var/lib/x/v1.2.3', 'read')],
    ['/var/lib/x/seg-[0-9]* w,', '/var/lib/x/v1.2.3 r,'],
  ],
  ['a date', [file('/var/log/x/app-2026-11-26.log', 'write')], ['/var/log/x/app-[0-9]*.log w,']],
  [
    'a temporary name',
    [file('/tmp/upload.aB3xY9', 'write'), file('/tmp/settings', 'read')],
    ['/tmp/settings r,', '/tmp/upload.* w,'],
  ],
  [
    'the version of a library that is read',
    [file('/usr/lib/x86_64-linux-gnu/libz.so.1.2.13', 'map-executable'), file('/usr/lib/libz.so.1.2.13', 'write')],
    ['/usr/lib/@{multiarch}/libz.so.1.[0-9]* m,', '/usr/lib/libz.so.1.2.13 w,'],
  ],
  [
    'a mounted secret',
    [file('/var/run/secrets/kubernetes.io/serviceaccount/..2026_11_26_03_10_59.123/token', 'read')],
    ['/var/run/secrets/kubernetes.io/serviceaccount/..[0-9]*/token r,'],
  ],
  [
    'no pattern in a sensitive place',
    [file('/etc/x/0b0c3d62-9d3a-4f8e-8b1a-2f5a1c3d4e5f', 'read'), file('/root/1234567', 'read')],
    ['/etc/x/0b0c3d62-9d3a-4f8e-8b1a-2f5a1c3d4e5f r,', '/root/1234567 r,'],
  ],
  [
    'nothing of the runtime, of sessions, or of what failed',
    [
      file('/a', 'read', { phase: 'setup' }),
      file('/b', 'read', { phase: 'runtime' }),
      { type: 'file-failed', ...common, path: '/c', errno: 2 },
      file('/d', 'read'),
    ],
    ['/d r,'],
  ],
  [
    'nothing that is no whole path',
    [
      file('/a', 'read', { resolution: 'cut' }),
      file('/b', 'read', { resolution: 'literal' }),
      file('memfd:x', 'read', { resolution: 'detached' }),
      file('/d', 'read'),
    ],
    ['/d r,'],
  ],
  [
    'a path as it was written, where the kernel named the same',
    [file('/a', 'unlink', { resolution: 'literal' }), file('/a', 'read')],
    ['/a rw,'],
  ],
];

for (const [what, all, wanted] of table)
  test(`${what} gives ${wanted.join(' ')}`, () => assert.deepEqual(rules(all), wanted));

test('a folder with more entries than are named one by one becomes a pattern, reads and writes apart', () => {
  const many = (folder: string, count: number, access: 'read' | 'write'): Observation[] =>
    Array.from({ length: count }, (_, at) => file(`${folder}/name-${at}x`, access));
  assert.equal(rules(many('/srv/data', 50, 'read')).length, 50);
  assert.deepEqual(rules(many('/srv/data', 51, 'read')), ['/srv/data/* r,']);
  assert.deepEqual(rules([...many('/srv/data', 51, 'read'), ...many('/srv/data', 1, 'write')]), [
    '/srv/data/* r,',
    '/srv/data/name-0x w,',
  ]);
  assert.equal(rules(many('/srv/data', 10, 'read'), { fold: 5 }).length, 1);
  for (const folder of [
    '/etc/x',
    '/root',
    '/home/a',
    '/run/secrets/x',
    '/proc/sys/x',
    '/sys/x',
    '/dev/x',
    '/run',
    '/srv',
  ])
    assert.equal(rules(many(folder, 200, 'read')).length, 200, folder);
  assert.equal(rules(many('/srv/data', 200, 'read'), { exact: true }).length, 200);
});

test('a tree that the workload made itself becomes one pattern; what others made stays named', () => {
  const tree = Array.from({ length: 60 }, (_, at) =>
    file(`/var/lib/db/base/${at % 3}/f${at}x`, 'create', { owner: true }),
  );
  const folders = ['/var/lib/db/base', '/var/lib/db/base/0', '/var/lib/db/base/1', '/var/lib/db/base/2'].map((path) =>
    file(path, 'mkdir'),
  );
  assert.deepEqual(rules([...tree, ...folders, file('/var/lib/db/key', 'read')]), [
    'owner /var/lib/db/base/ w,',
    'owner /var/lib/db/base/** w,',
    '/var/lib/db/key r,',
  ]);
});

test('a pattern tells what it was made from, and the head what it allows besides', () => {
  const text = profileOf([file('/tmp/a.aB3xY9', 'read'), file('/tmp/a.zZ9yX8', 'read')]);
  assert.match(text, /\/tmp\/a\.\* r, # the name of a temporary file: 2 seen, such as \/tmp\/a\.aB3xY9\n/);
  assert.match(text, /^# {3}\* +every name that goes on so$/m);
});

test('a hostile name ends no remark', () => {
  const text = profileOf([file('/tmp/x\n  /etc/shadow rw,\n.aB3xY9', 'read')]);
  assert.ok(!/^\s*\/etc\/shadow/m.test(text), text);
  assert.equal(evaluator(text).answer({ op: 'file', path: '/etc/shadow', perms: 'r', owner: true }).verdict, 'deny');
});

test('everything else becomes the rule for it', () => {
  const all: Observation[] = [
    { type: 'capability', ...common, name: 'CAP_NET_RAW', granted: true, syscall: null, filtered: true },
    { type: 'capability', ...common, name: 'CAP_SYS_ADMIN', granted: false, syscall: null, filtered: true },
    { type: 'socket', ...common, family: 'netlink', kind: 'raw', protocol: 0 },
    { type: 'listen', ...common, protocol: 'tcp', ip: '::', port: 80 },
    { type: 'signal', ...common, direction: 'send', signal: 15, other: { type: 'outside' } },
    { type: 'signal', ...common, direction: 'send', signal: 34, other: { type: 'outside' } },
    { type: 'signal', ...common, direction: 'send', signal: 9, other: { type: 'self' } },
    { type: 'ptrace', ...common, direction: 'trace', access: 'read', other: { type: 'container', program: null } },
    { type: 'mount', ...common, source: 'tmpfs', target: '/mnt/a b', fstype: 'tmpfs', flags: ['nosuid', 'rdonly'] },
    { type: 'mount', ...common, source: '/a', target: '/b', fstype: '', flags: ['bind', 'rec'] },
    file('/mnt/a b', 'unmount', { kind: 'directory' }),
    { type: 'rlimit', ...common, resource: 'nofile', soft: 10, hard: 1024 },
  ];
  const text = profileOf(all, { rlimits: true });
  for (const line of [
    'capability net_raw,',
    'network netlink raw,',
    'network inet6 stream,',
    'signal (send) set=(term) peer=unconfined,',
    'signal (send) set=(rtmin+2) peer=unconfined,',
    'ptrace (read, readby) peer=@{profile_name},',
    'mount fstype=(tmpfs) options=(nosuid, ro) tmpfs -> "/mnt/a b/",',
    'mount options=(rbind) /a -> /b/,',
    'umount "/mnt/a b/",',
    'set rlimit nofile <= 1024,',
  ])
    assert.ok(text.includes(`  ${line}\n`), `${line}\n${text}`);
  assert.ok(!text.includes('sys_admin'));
  assert.ok(!profileOf(all).includes('rlimit'), 'limits are written on demand');
  assert.ok(proved(replay(evaluator(text), [recording(all)])));
});

test('what AppArmor has no word for is left out by name, and the replay passes over it', () => {
  const unheard: Observation = { type: 'socket', ...common, family: 'family-77', kind: 'stream', protocol: 0 };
  const { notes, leftOut } = made(recording([file('/a', 'read'), unheard]));
  assert.ok(
    notes.some((note) => note.includes('socket family-77 stream')),
    notes.join('\n'),
  );
  assert.equal(leftOut?.(unheard), true);
  assert.equal(leftOut?.(file('/a', 'read')), false);
});

test('a workload of a cluster gets a patch that names the profile, and files with its namespace', () => {
  const { artifacts } = made(recording([file('/a', 'read'), file('/data/shop-5d4f8c-x2x4z/x', 'read')], true));
  assert.deepEqual(
    artifacts.map(({ path }) => path),
    ['store-shop-app-apparmor.profile', 'store-shop-app-apparmor.yaml', 'store-shop-app-apparmor-patch.yaml'],
  );
  const [profile, , patch] = artifacts;
  assert.match(
    profile?.text ?? '',
    /^profile kguardian-store-shop-app flags=\(attach_disconnected,mediate_deleted\) \{$/m,
  );
  assert.match(profile?.text ?? '', /\/data\/shop-\*\/x r,/);
  assert.equal(patch?.judged, false);
  assert.deepEqual(parse(patch?.text ?? ''), {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace: 'store', name: 'shop' },
    spec: {
      template: {
        spec: {
          containers: [
            {
              name: 'app',
              securityContext: { appArmorProfile: { type: 'Localhost', localhostProfile: 'kguardian-store-shop-app' } },
            },
          ],
        },
      },
    },
  });
});

test('complain is a flag of the profile, and changes no rule', () => {
  const complain = profileOf([file('/a', 'read')], { mode: 'complain' });
  assert.equal(complain.replace(',complain)', ')'), profileOf([file('/a', 'read')]));
});

test('without the operations sensor a note says what is not known', () => {
  const whole = recording([file('/a', 'read')]);
  const blind = { ...whole, coverage: whole.coverage.filter(({ sensor }) => sensor !== 'operations') };
  assert.ok(made(blind).notes.some((note) => note.startsWith('sockets, signals')));
  assert.ok(!made(whole).notes.some((note) => note.startsWith('sockets, signals')));
});

test('a loss is a reason to abstain, and with --allow-loss a note', () => {
  const whole = recording([file('/a', 'read')]);
  const lossy = {
    ...whole,
    coverage: whole.coverage.map((each) => ({ ...each, lost: each.sensor === 'files' ? 3 : 0 })),
  };
  assert.throws(() => made(lossy), /3 file accesses were lost/);
  assert.ok(made(lossy, { allowLoss: true }).notes.some((note) => note.includes('3 file accesses were lost')));
  assert.equal(apparmor.sensors.length, 3);
});
