/** Each sensor on this kernel, one behaviour a test. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import packet from 'dns-packet';
import { record } from '#agent/record.ts';
import { hostRecording, recordCommand } from './host.ts';
import { withoutRoot } from './lab.ts';

const skip = withoutRoot;
const folder = mkdtempSync(join(tmpdir(), 'kguardian-sensors-'));
chmodSync(folder, 0o755);
after(() => rmSync(folder, { recursive: true, force: true }));
const python = (script: string): [string, ...string[]] => ['/usr/bin/python3', '-c', script];

function built(source: string): string {
  const out = join(folder, source.replace(/^.*\//, '').replace('.c', ''));
  execFileSync('gcc', ['-O1', '-o', out, fileURLToPath(new URL(source, import.meta.url))]);
  return out;
}

test('calls of other conventions, and unknown ones, are kept apart and never dropped', { skip }, async () => {
  const odd = built('odd-calls.c');
  for (const [what, arch, nr, name] of [
    ['compat', 'x86', 20, 'getpid'],
    ['x32', 'x32', 39, 'getpid'],
    ['unknown', 'x86_64', 1000, null],
  ] as const) {
    const { of } = await recordCommand([odd, what]);
    assert.ok(
      of('syscall').some((each) => each.arch === arch && each.nr === nr && each.name === name),
      what,
    );
  }
});

test('what a filter refuses is seen as refused, with errno or signal, and nothing else is', { skip }, async () => {
  const odd = built('odd-calls.c');
  const refused = (await recordCommand([odd, 'refused'])).of('syscall-denied');
  assert.deepEqual(
    refused.map(({ name, outcome, seen }) => ({ name, outcome, count: seen.count })),
    [{ name: 'getppid', outcome: { errno: 77 }, count: 3 }],
  );
  const killed = (await recordCommand([odd, 'killed'])).of('syscall-denied');
  assert.deepEqual(
    killed.map(({ name, outcome }) => ({ name, outcome })),
    [{ name: 'getppid', outcome: { signal: 31 } }],
  );
});

test('io_uring is named as a gap when it is used', { skip }, async () => {
  const gaps = async (what: string) =>
    (await recordCommand([built('odd-calls.c'), what])).recording.coverage.flatMap((each) => each.gaps).join();
  assert.match(await gaps('ring'), /io_uring/);
  assert.doesNotMatch(await gaps('unknown'), /io_uring/);
});

test('programs: scripts, arguments, parents, users and how they end', { skip }, async () => {
  const script = join(folder, 'script.sh');
  writeFileSync(script, '#!/bin/sh\nexit 3\n', { mode: 0o755 });
  const { of } = await recordCommand([
    '/bin/sh',
    '-c',
    `${script} "a b" ''; setpriv --reuid 33 --regid 33 --clear-groups true; kill -9 $$`,
  ]);
  const started = of('exec');
  const own = started.find(({ calledAs }) => calledAs === script);
  assert.deepEqual(
    [own?.path, own?.argv, own?.program, own?.parent],
    ['/usr/bin/dash', ['/bin/sh', script, 'a b', ''], '/usr/bin/dash', '/usr/bin/dash'],
  );
  assert.deepEqual(
    started.filter(({ path }) => path === '/usr/bin/true').map(({ uid, gid }) => [uid, gid]),
    [[33, 33]],
  );
  const ends = of('exit').map(({ outcome }) => JSON.stringify(outcome));
  for (const outcome of ['{"code":3}', '{"code":0}', '{"signal":9}'])
    assert.ok(ends.includes(outcome), `${outcome} in ${ends.join()}`);
});

test('files: hostile names, links, folders and every kind of change, by their real paths', { skip }, async () => {
  const base = join(folder, 'files');
  mkdirSync(join(base, 'real'), { recursive: true });
  symlinkSync('real', join(base, 'link'));
  const { of, lost } = await recordCommand(
    python(`
import os
os.chdir(${JSON.stringify(base)})
names = [b'new\\nline', b'quo"te \\' {*}', b'\\xff\\xfe', b'#include', 'ü'.encode(), b'x' * 255]
for n in names: open(b'link/' + n, 'wb').close()
os.mkdir('link/d'); os.rename('link/d', 'real/e'); os.symlink('nowhere', 'link/s'); os.link(b'real/#include', 'link/h')
d = os.open('link', os.O_RDONLY); os.unlink('h', dir_fd=d); os.chmod('link/#include', 0o600); os.truncate('link/#include', 5); os.rmdir('link/e')
deep = 'link'
for i in range(30):
    deep += '/' + 'd' * 140
    os.mkdir(deep) if len(deep) < 4000 else None
os.listdir('real')
try: open('link/absent')
except OSError: pass
`),
  );
  assert.equal(lost, 0);
  const seen = new Set(
    of('file')
      .filter(({ resolution }) => resolution === 'exact')
      .map(({ access, path }) => `${access} ${path}`),
  );
  const wanted = ['new\nline', 'quo"te \' {*}', '\udcff\udcfe', '#include', 'ü', 'x'.repeat(255)].flatMap((name) => [
    `create ${base}/real/${name}`,
    `write ${base}/real/${name}`,
  ]);
  wanted.push(
    `mkdir ${base}/real/d`,
    `rename-from ${base}/real/d`,
    `rename-to ${base}/real/e`,
    `symlink ${base}/real/s`,
    `link-from ${base}/real/#include`,
  );
  wanted.push(
    `link-to ${base}/real/h`,
    `unlink ${base}/real/h`,
    `chmod ${base}/real/#include`,
    `truncate ${base}/real/#include`,
    `list ${base}/real`,
    `rmdir ${base}/real/e`,
  );
  assert.deepEqual(
    wanted.filter((each) => !seen.has(each)),
    [],
  );
  assert.ok(of('file-failed').some(({ path, errno }) => path.endsWith('/absent') && errno === 2));
  const deepest = of('file')
    .filter(({ access }) => access === 'mkdir')
    .map(({ path }) => path.length);
  assert.ok(Math.max(...deepest) > 3500, 'a path of thousands of bytes is whole');
});

test('files below a change of root, on mounts, and in other folders than ours', { skip }, async () => {
  const { of } = await recordCommand([
    'unshare',
    '-m',
    '/bin/sh',
    '-c',
    'mount -t tmpfs t /mnt; cd /mnt; mkdir -p a/b; echo x > a/b/c; mount --bind a /media; cat /media/b/c; cp /bin/busybox /mnt/; exec chroot /mnt /busybox cat /a/b/c',
  ]);
  const reads = of('file')
    .filter(({ access }) => access === 'read')
    .map(({ path, program }) => `${path} by ${program}`);
  assert.ok(reads.includes('/media/b/c by /usr/bin/cat'), reads.join('\n'));
  assert.ok(reads.includes('/a/b/c by /busybox'), reads.join('\n'));
  assert.ok(of('file').some(({ access, path }) => access === 'mount' && path === '/mnt'));
});

test('capabilities that were used or refused, without the noise of memory', {
  skip:
    skip === false && Number(/^(\d+\.\d+)/.exec(readFileSync('/proc/sys/kernel/osrelease', 'utf8'))?.[1]) < 6.14
      ? 'cap_capable has a tracepoint since 6.14'
      : skip,
}, async () => {
  const file = join(folder, 'owned');
  writeFileSync(file, '');
  const { of } = await recordCommand([
    '/bin/sh',
    '-c',
    `chown 33 ${file}; setpriv --reuid 33 --clear-groups cat /etc/shadow 2>/dev/null; true`,
  ]);
  const uses = of('capability').map(
    ({ name, granted, syscall, program }) => `${name} ${granted} ${syscall} ${program}`,
  );
  for (const use of [
    'CAP_CHOWN true fchownat /usr/bin/chown',
    'CAP_SETUID true setresuid /usr/bin/setpriv',
    'CAP_DAC_READ_SEARCH false openat /usr/bin/cat',
  ])
    assert.ok(uses.includes(use), uses.join('\n'));
  assert.ok(!uses.some((use) => use.startsWith('CAP_SYS_ADMIN')), uses.join('\n'));
});

test('flows: both families, protocols and directions, failures, and no answer taken for a call', { skip }, async () => {
  const { of } = await recordCommand(
    python(`
import socket
def server(family, address):
    s = socket.socket(family); s.bind((address, 0)); s.listen(); return s, s.getsockname()[1]
s, p = server(socket.AF_INET, '127.0.0.1'); c = socket.create_connection(('127.0.0.1', p)); s.accept()
s6, p6 = server(socket.AF_INET6, '::1'); c6 = socket.create_connection(('::1', p6)); s6.accept()
m = socket.socket(socket.AF_INET6); m.connect(('::ffff:127.0.0.1', p)); s.accept()
try: socket.create_connection(('127.0.0.1', 1))
except OSError: pass
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(('127.0.0.1', 0)); v = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
v.sendto(b'q', u.getsockname()); d, f = u.recvfrom(9); u.sendto(b'a', f); v.recv(9)
w = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); w.connect(('127.0.0.1', 9)); w.send(b'nobody')
`),
  );
  const flows = of('flow').map(({ direction, protocol, peer, outcome, port, seen }) => ({
    text: `${direction} ${protocol} ${'ip' in peer ? peer.ip : peer.type} ${outcome}`,
    port,
    count: seen.count,
  }));
  assert.deepEqual(flows.map(({ text, count }) => `${text} ${count}`).toSorted(), [
    'egress tcp 127.0.0.1 established 2',
    'egress tcp 127.0.0.1 failed 1',
    'egress tcp ::1 established 1',
    'egress udp 127.0.0.1 attempted 1',
    'egress udp 127.0.0.1 established 1',
    'ingress tcp 127.0.0.1 established 2',
    'ingress tcp ::1 established 1',
    'ingress udp 127.0.0.1 established 1',
  ]);
  const listeners = of('listen');
  assert.deepEqual(listeners.map(({ protocol, ip }) => `${protocol} ${ip}`).toSorted(), [
    'tcp 127.0.0.1',
    'tcp ::1',
    'udp 127.0.0.1',
  ]);
  const ports = new Set(listeners.map(({ port }) => port));
  // Every ingress is at one of our own ports, every established egress at one too: nothing was told by the ephemeral end.
  assert.ok(
    flows.filter(({ text }) => text.includes('established')).every(({ port }) => port !== null && ports.has(port)),
  );
});

test('a ping that is answered is a flow of its type; one that is not is an attempt', { skip }, async () => {
  const ping = `
import socket, struct
def ask(family, protocol, kind, to):
    s = socket.socket(family, socket.SOCK_DGRAM, protocol)
    s.settimeout(0.3)
    s.sendto(struct.pack("!BBHHH", kind, 0, 0, 1, 1), (to, 0))
    try: s.recv(1000)
    except TimeoutError: pass
ask(socket.AF_INET, 1, 8, "203.0.113.9")
ask(socket.AF_INET, 1, 8, "203.0.113.10")
ask(socket.AF_INET6, 58, 128, "2001:db8::9")
`;
  const setUp = [
    'ip link set lo up; ip addr add 203.0.113.9/32 dev lo; ip -6 addr add 2001:db8::9/128 dev lo nodad',
    'ip route add 203.0.113.10/32 dev lo',
    'sysctl -qw net.ipv4.ping_group_range="0 0"; exec python3 -c "$0"',
  ].join('; ');
  const { of } = await recordCommand(['unshare', '-n', 'sh', '-c', setUp, ping]);
  const flows = of('flow').filter(({ protocol }) => protocol.startsWith('icmp'));
  const told = flows.map(({ direction, peer, outcome, icmpType, port }) => {
    const to = 'ip' in peer ? peer.ip : peer.type;
    return `${direction} ${to} ${outcome} type ${icmpType} port ${port}`;
  });
  assert.deepEqual(told.toSorted(), [
    'egress 2001:db8::9 established type 128 port null',
    'egress 203.0.113.10 attempted type 8 port null',
    'egress 203.0.113.9 established type 8 port null',
  ]);
});

test('DNS answers: names, aliases, addresses, and broken messages', { skip }, async () => {
  const server = createSocket('udp4');
  server.on('message', (message, from) => {
    const { id, questions = [] } = packet.decode(message);
    const [question] = questions;
    if (question === undefined) return;
    const answer =
      question.name === 'broken.test'
        ? Buffer.from([0, 1, 0x81, 0x80, 0, 1, 0, 9, 0, 0, 0, 0, 1])
        : packet.encode({
            type: 'response',
            ...(id === undefined ? {} : { id }),
            questions,
            answers: [
              { type: 'CNAME', name: 'shop.test', data: 'shop.cdn.test', ttl: 300 },
              { type: 'A', name: 'shop.cdn.test', data: '192.0.2.7', ttl: 60 },
              { type: 'AAAA', name: 'shop.cdn.test', data: '2001:db8::7', ttl: 90 },
              { type: 'A', name: 'elsewhere.test', data: '192.0.2.99', ttl: 1 },
            ],
          });
    server.send(answer, from.port, from.address);
  });
  server.bind(53, '127.0.0.9');
  await once(server, 'listening');
  try {
    const ask = (name: string): string =>
      packet.encode({ type: 'query', id: 1, questions: [{ type: 'A', name }] }).toString('hex');
    const { of, recording } = await recordCommand(
      python(`
import socket
for q in ['${ask('shop.test')}', '${ask('broken.test')}']:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5); s.sendto(bytes.fromhex(q), ('127.0.0.9', 53)); s.recv(2000)
`),
    );
    const [answer, ...others] = of('dns');
    assert.deepEqual(others, []);
    assert.deepEqual(
      [answer?.name, answer?.aliases, answer?.addresses, answer?.ttlSeconds, answer?.server],
      ['shop.test', ['shop.cdn.test'], ['192.0.2.7', '2001:db8::7'], 60, '127.0.0.9'],
    );
    assert.match(
      recording.coverage.find(({ sensor }) => sensor === 'dns')?.gaps.join() ?? '',
      /1 answers could not be read/,
    );
  } finally {
    server.close();
  }
});

test('CPU and memory are sampled', { skip }, async () => {
  const { of } = await recordCommand(
    python(`
import time
x = bytearray(64 << 20)
for i in range(0, len(x), 4096): x[i] = 1
end = time.time() + 1.3
while time.time() < end: pass
`),
  );
  const samples = of('usage');
  assert.ok(
    samples.some(
      ({ memoryBytes, memoryPeakBytes }) => (memoryBytes ?? 0) > 64 << 20 && (memoryPeakBytes ?? 0) > 64 << 20,
    ),
    JSON.stringify(samples),
  );
  assert.ok(Math.max(...samples.map(({ cpuMicroseconds }) => cpuMicroseconds ?? 0)) > 500_000, JSON.stringify(samples));
});

test('nothing else on the host is in a recording', { skip }, async () => {
  const marker = join(folder, 'outside');
  writeFileSync(marker, 'x');
  const { recording } = await recordCommand(['sleep', '0.5'], async () => {
    execFileSync('/bin/sh', ['-c', `cat ${marker}; /usr/bin/id; ls -l ${marker}`]);
    await sleep(100);
  });
  const text = JSON.stringify(recording.observations);
  assert.ok(!text.includes(marker) && !text.includes('/usr/bin/id'), 'a stranger is in the recording');
});

test('a running process and its children, and nobody else', { skip }, async () => {
  const child = spawn('/bin/sh', ['-c', 'sleep 1; cat /etc/hostname; cat /etc/hostname; true'], { stdio: 'ignore' });
  const { pid } = child;
  assert.ok(pid !== undefined);
  const stop = new AbortController();
  const recorded = await hostRecording(
    await record({
      target: { type: 'pid', pid },
      name: 'old',
      by: 'test',
      signal: stop.signal,
      durationMs: 20_000,
      onReady: () => void execFileSync('/usr/bin/id'),
    }),
  );
  assert.deepEqual([...new Set(recorded.of('exec').map(({ path }) => path))].toSorted(), [
    '/usr/bin/cat',
    '/usr/bin/dash',
    '/usr/bin/sleep',
  ]);
  assert.ok(recorded.of('file').some(({ path, seen }) => path === '/etc/hostname' && seen.count === 2));
  assert.equal(recorded.recording.containers[0]?.fromStart, false);
});

test('at full blast nothing is lost that fits: calls, files, connections, counted exactly', { skip }, async () => {
  const load = join(folder, 'load');
  execFileSync('gcc', ['-O2', '-o', load, fileURLToPath(new URL('../bench/load.c', import.meta.url))]);
  const calls = await recordCommand([load, 'syscalls', '1000000']);
  assert.equal(calls.lost, 0);
  assert.ok(calls.of('syscall').some(({ name }) => name === 'getppid'));

  const many = mkdtempSync('/dev/shm/kguardian-distinct-');
  try {
    for (let i = 0; i < 100; i += 1) {
      mkdirSync(`${many}/${i}`);
      for (let j = 0; j < 1000; j += 1) writeFileSync(`${many}/${i}/${i * 1000 + j}`, '');
    }
    // The ring holds about 65,000 events of such files, should nobody come to read it meanwhile.
    for (const [wanted, mayLose] of [
      [50_000, false],
      [100_000, true],
    ] as const) {
      const opens = await recordCommand([load, 'distinct', String(wanted), many]);
      const seen = new Set(opens.of('file').flatMap(({ path }) => (path.startsWith(`${many}/`) ? [path] : []))).size;
      if (!mayLose) assert.equal(opens.lost, 0);
      assert.equal(seen + opens.lost, wanted);
    }
  } finally {
    rmSync(many, { recursive: true });
  }

  const connects = await recordCommand([load, 'connects', '20000']);
  assert.equal(connects.lost, 0);
  assert.deepEqual(
    connects
      .of('flow')
      .map(({ direction, outcome, seen }) => `${direction} ${outcome} ${seen.count}`)
      .toSorted(),
    ['egress established 20000', 'ingress established 20000'],
  );
});
