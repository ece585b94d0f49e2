/** The whole recorder on another real kernel: Debian's 6.1 with cgroup v2 alone, in the lab's virtual machine. */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fold } from '#baseline/fold.ts';
import type { Observation, ObservationOf } from '#observation/observation.ts';
import { readRecording } from '#observation/reading.ts';
import { seccomp } from '#policies/seccomp/index.ts';
import { lab, withoutRoot } from './lab.ts';
import { buildOperations, said, whom } from './operations.ts';

function withoutMachine(): string | false {
  if (withoutRoot !== false) return withoutRoot;
  if (!existsSync(`${lab}/setup`)) return 'no ../shared/lab beside the checkout';
  try {
    execFileSync(`${lab}/setup`, ['--only', 'bpf'], { stdio: ['ignore', 'ignore', 'inherit'] });
    return false;
  } catch (error) {
    return `../shared/lab/setup failed: ${(error as Error).message}`;
  }
}

const script = `export HOME=/tmp NODE_COMPILE_CACHE=
/run/dir/bin/kguardian record --name guest -o "$VM_OUT/guest.jsonl" -- /bin/sh -c '
  ls / >/dev/null; cat /etc/hostname >/tmp/x; ln -s x /tmp/y; chown 33 /tmp/x; curl -s --max-time 2 http://127.0.0.1:1/; true'
mkdir /tmp/w
/run/dir/bin/kguardian record --name operations -o "$VM_OUT/operations.jsonl" -- /bin/sh -c '
  cd /tmp/w; for what in sockets signals tracing limits locks unix mounts; do "$1" $what; done; sleep 1' sh "$PWD/operations"
/run/dir/bin/kguardian agent --node guest --cluster lab --broker http://127.0.0.1:1 --api-server http://127.0.0.1:1 \\
  --spool /tmp/spool --listen 127.0.0.1:9101 2>"$VM_OUT/agent.txt" &
n=0; until grep -q '  delivery ' "$VM_OUT/agent.txt" || [ $((n += 1)) -gt 100 ]; do sleep 1; done
pod=/sys/fs/cgroup/kubepods/burstable/pod0f2d9a7e-1b3c-4d5e-8f90-a1b2c3d4e5f6/${'ab'.repeat(32)}
mkdir -p "$pod"
sh -c 'echo $$ >"$1/cgroup.procs"; exec ls /' sh "$pod" >/dev/null
n=0
until curl -s http://127.0.0.1:9101/metrics >"$VM_OUT/metrics.txt"; grep -q 'containers{state="waiting"} 1' "$VM_OUT/metrics.txt" || [ $((n += 1)) -gt 20 ]; do sleep 1; done
kill %1
`;

test("the recorder and the agent work on Debian's 6.1, with every sensor", {
  skip: withoutMachine(),
  timeout: 540_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kguardian-guest-'));
  const { base, program } = buildOperations();
  try {
    writeFileSync(join(folder, 'script'), script);
    const checkout = fileURLToPath(new URL('..', import.meta.url));
    const { stdout, stderr } = await promisify(execFile)(`${lab}/vm-run`, [
      '-m',
      'bpf',
      '-t',
      '480',
      '-d',
      checkout,
      '-o',
      folder,
      join(folder, 'script'),
      program,
    ]);
    assert.ok(existsSync(join(folder, 'guest.jsonl')), stdout + stderr);
    const [said, metrics] = ['agent.txt', 'metrics.txt'].map((name) => readFileSync(join(folder, name), 'utf8'));
    assert.match(said ?? '', / {2}containers {2,}below .* by tp_btf\/cgroup_mkdir/);
    assert.deepEqual(
      said?.split('\n').filter((line) => line.includes('not recorded')),
      [],
      'every sensor runs there too',
    );
    assert.match(metrics ?? '', /containers\{state="waiting"\} 1/, 'and sees a container begin');
    const recording = await readRecording(readFileSync(join(folder, 'guest.jsonl'), 'utf8').trimEnd().split('\n'));
    assert.match(recording.header.node.kernel, /^6\.1\./);
    assert.equal(recording.header.node.cgroups, 'v2');
    assert.deepEqual(
      recording.coverage.filter(({ state, lost }) => state !== 'ran' || lost > 0),
      [],
    );
    const facts = recording.observations.map((each) => {
      if (each.type === 'file') return `${each.access} ${each.path}`;
      if (each.type === 'capability') return `${each.name} ${each.granted}`;
      if (each.type === 'flow')
        return `${each.direction} ${'ip' in each.peer ? each.peer.ip : each.peer.type} ${each.outcome}`;
      return each.type === 'exec' ? `exec ${each.path}` : each.type;
    });
    for (const fact of [
      'exec /usr/bin/ls',
      'list /',
      'read /etc/hostname',
      'create /tmp/x',
      'symlink /tmp/y',
      'CAP_CHOWN true',
      'egress 127.0.0.1 failed',
      'usage',
    ]) {
      assert.ok(facts.includes(fact), `${fact} is not among ${facts.length} facts`);
    }
    const [baseline] = fold([recording]);
    assert.ok(baseline);
    assert.equal(
      seccomp.generate({ baselines: [baseline], cluster: null }, seccomp.options.parse({})).type,
      'artifacts',
    );
    await checkOperations(readFileSync(join(folder, 'operations.jsonl'), 'utf8').trimEnd().split('\n'));
  } finally {
    rmSync(base, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  }
});

/** The same as on this machine's kernel, of which operations.test.ts tells more. */
async function checkOperations(lines: readonly string[]): Promise<void> {
  const { observations, coverage } = await readRecording(lines);
  const { lost, gaps } = coverage.find(({ sensor }) => sensor === 'operations') ?? { lost: null, gaps: [] };
  assert.deepEqual([lost, gaps], [0, ['what programs read of others through /proc is not seen as tracing']]);
  const of = <T extends Observation['type']>(type: T) =>
    observations.filter((each): each is ObservationOf<T> => each.type === type);
  assert.deepEqual(
    said(of('socket'), ({ family, kind, protocol }) => `${family} ${kind} ${protocol}`),
    [
      ...['inet dgram 17', 'inet raw 1', 'inet stream 0', 'inet6 stream 6', 'netlink raw 15', 'packet dgram 768'],
      ...['unix dgram 0', 'unix seqpacket 0', 'unix stream 0'],
    ],
  );
  assert.deepEqual(
    said(of('signal'), ({ signal, other }) => `${signal} ${whom(other)}`),
    [
      ...['0 container operations', '0 outside', '0 self', '10 self', '12 container operations', '12 self'],
      ...['17 container operations', '18 container dash', '18 container operations', '23 container operations'],
      ...['28 container operations', '9 container operations', '9 self'],
    ],
  );
  assert.deepEqual(
    said(of('ptrace'), ({ access, other, seen }) => `${access} ${whom(other)} ${seen.count}`),
    ['attach container operations 6', 'read container operations 1'],
  );
  assert.deepEqual(
    said(of('rlimit'), ({ resource, soft, hard }) => `${resource} ${soft} ${hard}`),
    ['core 0 4096', 'fsize null null', 'nofile 100 200'],
  );
  assert.deepEqual(
    said(of('mount'), ({ source, target, fstype, flags }) => [source, target, fstype, flags.join()].join(' ')),
    [
      ' /tmp/w/bound  bind,rdonly,remount',
      '/tmp/w/target /tmp/w/bound  bind,rec',
      'handled /tmp/w/by-handle tmpfs move,noexec',
      'none /tmp/w/bound  private',
      'what "ever" /tmp/w/target tmpfs nodev,nosuid',
    ],
  );
  const files = said(of('file'), ({ access, path, kind }) => `${access} ${path} ${kind}`);
  for (const name of ['exclusive', 'flock', 'handle', 'lease', 'posix', 'waits'])
    assert.ok(files.includes(`lock /tmp/w/${name} file`), name);
  for (const name of ['message', 'stream', 'to', 'f'.repeat(108)])
    for (const access of ['create', 'write']) assert.ok(files.includes(`${access} /tmp/w/${name} socket`), name);
}
