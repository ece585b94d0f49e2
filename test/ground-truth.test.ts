/** strace watches the same run: whatever it saw must be in the recording. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { prepareNginx, untilServing, visitAll } from '#cli/demo/nginx.ts';
import { recordCommand } from './host.ts';
import { withoutRoot } from './lab.ts';

const skip = withoutRoot !== false ? withoutRoot : existsSync('/usr/bin/strace') ? false : 'strace is not installed';
const folder = mkdtempSync(join(tmpdir(), 'kguardian-truth-'));
// nginx's workers are another user.
chmodSync(folder, 0o755);
after(() => rmSync(folder, { recursive: true, force: true }));

interface Truth {
  readonly calls: ReadonlySet<string>;
  readonly opened: ReadonlySet<string>;
}

/** One file for each process (-ff), so that no call is torn in two; -y shows the file behind a descriptor. */
function readTruth(logs: string): Truth {
  const calls = new Set<string>();
  const opened = new Set<string>();
  for (const file of readdirSync(logs)) {
    for (const line of readFileSync(join(logs, file), 'utf8').split('\n')) {
      const name = /^([a-z_0-9]+)\(/.exec(line)?.[1];
      if (name !== undefined) calls.add(name);
      const path = /^(?:open|openat|openat2|creat)\(.* = \d+<(\/.*)>$/.exec(line)?.[1];
      if (path !== undefined) opened.add(path);
    }
  }
  return { calls, opened };
}

async function compare(
  name: string,
  argv: readonly [string, ...string[]],
  during?: () => Promise<void>,
): Promise<Truth> {
  const logs = join(folder, `${name}-logs`);
  mkdirSync(logs);
  const recorded = await recordCommand(
    ['strace', '-ff', '-qq', '-y', '-s', '0', '-o', join(logs, 'log'), ...argv],
    during,
  );
  const truth = readTruth(logs);
  const own = recorded
    .of('syscall')
    .filter(({ program, phase }) => phase === 'program' && program !== '/usr/bin/strace');
  const recordedCalls = new Set(own.map((each) => each.name));
  assert.deepEqual(
    [...truth.calls].filter((call) => !recordedCalls.has(call) && call !== 'execve'),
    [],
    'calls that only strace saw',
  );
  const paths = new Set(
    recorded
      .of('file')
      .filter(({ resolution }) => resolution === 'exact')
      .map(({ path }) => path),
  );
  assert.deepEqual(
    [...truth.opened].filter((path) => !paths.has(path)),
    [],
    'files that only strace saw',
  );
  assert.equal(recorded.lost, 0);
  // strace's own files and calls apart, the recording holds no call that strace did not see.
  assert.deepEqual(
    [...recordedCalls].filter(
      (call) => call !== null && !truth.calls.has(call) && !['restart_syscall', 'rt_sigreturn'].includes(call),
    ),
    [],
  );
  return truth;
}

test('a shell pipeline with links, folders and children', { skip }, async () => {
  mkdirSync(join(folder, 'real/deep'), { recursive: true });
  symlinkSync('real', join(folder, 'link'));
  writeFileSync(join(folder, 'real/deep/file'), 'x');
  const script = `cd ${folder}/link/deep; cat file ../deep/./file /proc/self/mounts | sort | wc -c; ls .. > ../list; (cd /etc; cat hostname); find ${folder} -name 'f*' -exec cat {} +`;
  const { opened } = await compare('shell', ['/bin/sh', '-c', script]);
  assert.ok(opened.has(`${folder}/real/deep/file`), 'the link was followed');
});

test('python with threads, children and a socket', { skip }, async () => {
  const script = `
import threading, subprocess, socket, tempfile, os, select
def work(n):
    with tempfile.TemporaryFile() as f: f.write(b'x' * n)
for t in [threading.Thread(target=work, args=(n,)) for n in range(20)]: t.start()
subprocess.run(['cat', '/etc/hostname'])
a, b = socket.socketpair(); a.send(b'1'); select.select([b], [], [], 1)
d = os.open('/usr', os.O_RDONLY | os.O_DIRECTORY); os.close(os.open('share/../lib/os-release', os.O_RDONLY, dir_fd=d))
`;
  const { calls } = await compare('python', ['/usr/bin/python3', '-c', script]);
  assert.ok(calls.has('clone3') || calls.has('clone'));
});

test('node with a worker thread', { skip }, async () => {
  const script = `new (require('worker_threads').Worker)("require('fs').readFileSync('/etc/hostname')", { eval: true })`;
  await compare('node', [process.execPath, '-e', script]);
});

test('nginx at work', {
  skip: skip === false && !existsSync('/usr/sbin/nginx') ? 'nginx is not installed' : skip,
}, async () => {
  mkdirSync(join(folder, 'nginx'));
  const nginx = await prepareNginx(join(folder, 'nginx'));
  const { opened } = await compare('nginx', nginx.argv, async () => {
    await untilServing(nginx, 20_000);
    assert.equal((await visitAll(nginx)).wrong, null);
  });
  assert.ok(opened.has(`${nginx.folder}/www/catalogue.bin`));
});
