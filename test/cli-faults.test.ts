/** Bad input as users meet it: an exit code, one sentence, and nothing half-written. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { kguardian, recordings, run } from './cli.ts';
import { withoutRoot } from './lab.ts';

const folder = mkdtempSync(join(tmpdir(), 'kguardian-faults-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const nginx = join(recordings, 'nginx.jsonl.zst');
const packed = readFileSync(nginx);
const lines = zstdDecompressSync(packed).toString('utf8').trimEnd().split('\n');
const put = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

const hostile = lines.map((line) => line.replace('"workload":"nginx"', '"workload":"../../\\u001b[2Jevil\\n"'));
const faults: readonly (readonly [what: string, argv: () => readonly string[], code: number, message: RegExp])[] = [
  ['no command that exists', () => ['gne'], 2, /unknown command 'gne'[\s\S]*Did you mean gen/],
  [
    'a container that is not there',
    () => ['gen', 'seccomp', '--from', nginx, '-c', 'sidecar'],
    2,
    /nothing in the recording fits the flags; it is of nginx/,
  ],
  ['no manifest', () => ['audit', 'pss'], 2, /no cluster is known: .* or manifests with -f FILE/],
  [
    'a file in the place of a folder',
    () => ['gen', 'seccomp', '--from', nginx, '--output-dir', put('file', '')],
    2,
    /cannot write ".*nginx-seccomp.json": ".*file" is no folder/,
  ],
  [
    'no URL',
    () => ['status', '-s', 'nowhere', '--token', 't'],
    2,
    /given as "nowhere", which is no https:\/\/HOST:PORT/,
  ],
  [
    'nobody there',
    () => ['status', '-s', 'https://127.0.0.1:1', '--token', 't'],
    3,
    /cannot reach the API server https:\/\/127\.0\.0\.1:1: connection refused/,
  ],
  ['nothing like a command', () => ['generate'], 2, /unknown command 'generate'; see --help/],
  ['no artifact', () => ['prove', '--from', nginx], 2, /missing required argument 'artifact'; see --help/],
  [
    'a word for a number',
    () => ['gen', 'apparmor', '--from', nginx, '--fold', 'x'],
    2,
    /--fold takes a number, not "x"/,
  ],
  [
    'a number that is too small',
    () => ['gen', 'apparmor', '--from', nginx, '--fold', '1'],
    2,
    /--fold takes at least 2/,
  ],
  [
    'one of several that is no choice',
    () => ['gen', 'seccomp', '--from', nginx, '--arch', 'x86_64,vax'],
    2,
    /--arch takes x86_64, x86, x32, aarch64 or arm, not "vax"/,
  ],
  [
    'two flags that do not go together',
    () => ['gen', 'seccomp', '--from', nginx, '--log-only', '--default-action', 'SCMP_ACT_ERRNO'],
    2,
    /--log-only: means --default-action SCMP_ACT_LOG; give one of the two/,
  ],
  [
    'a day that no month has',
    () => ['gen', 'networkpolicy', '--from', nginx, '--since', '2026-13-45'],
    2,
    /--since: takes a time such as 7d/,
  ],
  ['a kind that does not exist', () => ['gen', 'secomp'], 2, /unknown command 'secomp'[\s\S]*Did you mean seccomp/],
  [
    'a flag that does not exist',
    () => ['gen', 'seccomp', '--form', 'x'],
    2,
    /unknown option '--form'[\s\S]*Did you mean --from/,
  ],
  ['no recording', () => ['gen', 'seccomp'], 2, /no cluster is known: .* or a recording with --from FILE/],
  [
    'labels for a file',
    () => ['gen', 'seccomp', '--from', nginx, '-l', 'app=web'],
    2,
    /-l asks a cluster whose pods have these labels; name the workload/,
  ],
  [
    'a time for a file',
    () => ['gen', 'seccomp', '--from', nginx, '--since', '7d'],
    2,
    /--since is for what a broker keeps; a recording in a file is taken as it is/,
  ],
  [
    'a missing file',
    () => ['gen', 'seccomp', '--from', '/nonexistent'],
    2,
    /cannot read "\/nonexistent": no such file or directory/,
  ],
  ['a folder', () => ['gen', 'seccomp', '--from', '/tmp'], 2, /cannot read "\/tmp": it is a folder/],
  ['another file', () => ['inspect', '/etc/hostname'], 2, /line 1: not JSON; this is not a kguardian recording/],
  [
    'a newer recording',
    () => ['inspect', put('newer', lines.join('\n').replace('"version":1', '"version":9'))],
    2,
    /version 9, written by a newer kguardian/,
  ],
  [
    'damage',
    () => ['inspect', put('damaged', lines.with(5, '{{{').join('\n'))],
    2,
    /line 6: not JSON; the file is damaged here/,
  ],
  [
    'a cut recording',
    () => ['gen', 'seccomp', '--from', put('cut', lines.slice(0, -4).join('\n'))],
    1,
    /no seccomp policy, 1 of 1 recordings were cut before their end/,
  ],
  [
    'a cut compressed file',
    () => ['gen', 'seccomp', '--from', put('cut.zst', packed.subarray(0, packed.length - 60))],
    2,
    /line 1: the recording is empty, or was cut before its first line/,
  ],
  [
    'a workload that is not there',
    () => ['gen', 'seccomp', 'redis', '--from', nginx],
    2,
    /no workload "redis" in the recording; it is of nginx/,
  ],
  [
    'an action that does not exist',
    () => ['gen', 'seccomp', '--from', nginx, '--default-action', 'DENY'],
    2,
    /--default-action takes ERRNO, LOG, .* or ALLOW, not "DENY"/,
  ],
  [
    'a choice that does not exist',
    () => ['gen', 'seccomp', '--from', nginx, '--runtime', 'lxc'],
    2,
    /Allowed choices are runc, crun, none/,
  ],
  [
    'an artifact of no kind',
    () => ['prove', put('text', 'hello'), '--from', nginx],
    2,
    /cannot tell what kind of artifact .* is; name it with --kind \(.*seccomp.*\)/,
  ],
  [
    'an artifact that a node would refuse',
    () => ['prove', put('bad.json', '{"defaultAction":"NO"}'), '--from', nginx],
    2,
    /as seccomp: defaultAction: /,
  ],
  ['nothing to record', () => ['record'], 2, /give one of: -- COMMAND, --pid PID, --cgroup PATH/],
  [
    'a program that does not exist',
    () => ['record', '-o', join(folder, 'x.jsonl'), '--', 'no-such-program'],
    2,
    /cannot start "no-such-program": no such program/,
  ],
  [
    'a program that cannot be executed',
    () => ['record', '-o', join(folder, 'x.jsonl'), '--', put('not-executable', 'x')],
    2,
    /cannot start ".*not-executable": not executable/,
  ],
  [
    'a process that does not exist',
    () => ['record', '--pid', '4194304', '-o', join(folder, 'x.jsonl')],
    2,
    /cannot record process 4194304: no such process/,
  ],
  [
    'a folder that is no cgroup',
    () => ['record', '--cgroup', '/tmp', '-o', join(folder, 'x.jsonl')],
    2,
    /cannot record \/tmp: not a cgroup folder/,
  ],
  [
    'a duration without a unit',
    () => ['record', '--duration', '5', '--', 'true'],
    2,
    /--duration takes a number with ms, s, m or h, not "5"/,
  ],
];
for (const [what, argv, code, message] of faults) {
  test(`one sentence: ${what}`, async () => {
    const ran = await run(argv());
    assert.equal(ran.code, code, ran.stderr);
    assert.match(ran.stderr, message);
    assert.equal(ran.stdout, '');
    assert.ok(ran.stderr.trimEnd().split('\n').length <= 2, ran.stderr);
    assert.doesNotMatch(ran.stderr, /\n {4}at |node:internal/, 'a stack is not a sentence');
  });
}
test('no attempt above left a file behind', () =>
  assert.deepEqual(
    readdirSync(folder).filter((name) => /x\.jsonl|\.tmp$/.test(name)),
    [],
  ));

test('a hostile workload name moves no cursor and leaves no folder', async () => {
  const output = join(folder, 'hostile-out');
  const { code, stderr } = await run([
    'gen',
    'seccomp',
    '--from',
    put('hostile', hostile.join('\n')),
    '--output-dir',
    output,
  ]);
  assert.equal(code, 0, stderr);
  assert.ok(!stderr.includes('\u001b'), JSON.stringify(stderr));
  assert.equal(readdirSync(output).length, 1);
});

test('a full disk: the sentence, no half file, and what stood there stays', { skip: withoutRoot }, async () => {
  const full = join(folder, 'full');
  mkdirSync(full);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', full]);
  try {
    writeFileSync(join(full, 'nginx-seccomp.json'), 'before');
    writeFileSync(join(full, 'rest'), Buffer.alloc(8 << 10));
    const { code, stderr } = await run(['gen', 'seccomp', '--from', nginx, '--output-dir', full]);
    assert.equal(code, 2);
    assert.match(stderr, /cannot write ".*nginx-seccomp\.json": no space left on device/);
    assert.deepEqual(
      [readdirSync(full).toSorted(), readFileSync(join(full, 'nginx-seccomp.json'), 'utf8')],
      [['nginx-seccomp.json', 'rest'], 'before'],
    );
  } finally {
    execFileSync('umount', [full]);
  }
});

test('no privileges: the sentence says which are needed', { skip: withoutRoot }, async () => {
  const { code, stderr } = await run(['record', '-o', '/dev/null', '--', 'true'], { uid: 65_534 });
  if (code === null || /EACCES|Permission denied/.test(stderr)) return assert.match(stderr, /denied/i);
  assert.equal(code, 2, stderr);
  assert.match(stderr, /cannot .*(permission denied|CAP_BPF)/);
});

function confined(script: string, file: string) {
  return spawnSync('unshare', ['-m', '/bin/sh', '-c', script, 'sh', kguardian, 'record', '-o', file, '--', 'true'], {
    encoding: 'utf8',
  });
}

test('root without CAP_BPF: one sentence, and no file', { skip: withoutRoot }, () => {
  const file = join(folder, 'refused.jsonl');
  const drop = '-bpf,-perfmon,-sys_admin';
  const { status, stderr } = confined(`exec setpriv --bounding-set ${drop} --inh-caps ${drop} "$@"`, file);
  assert.equal(status, 2, stderr);
  assert.match(stderr, /^kguardian: cannot record on this machine: .*(permission denied|CAP_BPF).*\n$/);
  assert.equal(existsSync(file), false);
});

test('a kernel without BTF: each sensor that needs it says so, the others work, and no profile comes of it', {
  skip: withoutRoot,
}, async () => {
  const file = join(folder, 'blind.jsonl');
  const { status, stderr } = confined('mount --bind /dev/null /sys/kernel/btf/vmlinux && exec "$@"', file);
  assert.equal(status, 0, stderr);
  assert.match(
    stderr,
    /syscalls is not recorded: cannot load the syscalls programs: this kernel has no BTF \(CONFIG_DEBUG_INFO_BTF\)/,
  );
  const { code, stdout, stderr: reason } = await run(['gen', 'seccomp', '--from', file]);
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(reason, /no seccomp policy, no system call of the program was recorded/);
});
