/** Sockets, signals, tracing, limits and locks on this kernel: each recorded once, with nothing beside. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { record } from '#agent/record.ts';
import { hostRecording, recordCommand } from './host.ts';
import { withoutRoot } from './lab.ts';
import { buildOperations, said, signalText, whom } from './operations.ts';

const skip = withoutRoot;
const { base, program, inFolder } =
  skip === false
    ? buildOperations()
    : { base: '', program: '', inFolder: () => ({ argv: [''] as [string], folder: '' }) };
after(() => rmSync(base, { recursive: true, force: true }));

test('sockets: each family, type and protocol once, and none that was refused', { skip }, async () => {
  const { of, lost } = await recordCommand([program, 'sockets']);
  assert.equal(lost, 0);
  assert.deepEqual(
    said(of('socket'), ({ family, kind, protocol, seen }) => `${family} ${kind} ${protocol} ${seen.count}`),
    [
      'inet dgram 17 1',
      'inet raw 1 1',
      'inet stream 0 3',
      'inet6 stream 6 1',
      'netlink raw 15 1',
      'packet dgram 768 1',
      'unix dgram 0 1',
      'unix seqpacket 0 1',
    ],
  );
});

test('signals: to itself, a child, a group and outside, by every call; not those of the kernel', { skip }, async () => {
  const { of, lost, recording } = await recordCommand([program, 'signals']);
  assert.equal(lost, 0);
  assert.deepEqual(said(of('signal'), signalText), [
    'send 0 container operations 1',
    'send 0 outside 1',
    'send 0 self 1',
    'send 10 self 1',
    'send 12 container operations 1',
    'send 12 self 1',
    'send 17 container operations 1',
    'send 18 container operations 2',
    'send 18 outside 1',
    'send 23 container operations 1',
    'send 28 container operations 1',
    'send 9 container operations 2',
    'send 9 self 1',
  ]);
  const { gaps } = recording.coverage.find(({ sensor }) => sensor === 'operations') ?? { gaps: ['not covered'] };
  assert.deepEqual(gaps, ['what programs read of others through /proc is not seen as tracing']);
});

test('signals and tracing from outside are received, and another program names the other one', { skip }, async () => {
  const child = spawn(program, ['wait'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const { pid } = child;
  assert.ok(pid !== undefined);
  await once(child.stdout, 'data');
  const stop = new AbortController();
  const recorded = await hostRecording(
    await record({
      target: { type: 'pid', pid },
      name: 'waits',
      by: 'test',
      signal: stop.signal,
      durationMs: 20_000,
      onReady() {
        process.kill(pid, 'SIGCONT');
        process.kill(pid, 0);
        if (existsSync('/usr/bin/strace')) spawnSync('timeout', ['1', 'strace', '-p', String(pid), '-o', '/dev/null']);
        stop.abort();
      },
    }).catch((error: unknown) => {
      child.kill('SIGKILL');
      throw error;
    }),
  );
  child.kill('SIGKILL');
  assert.deepEqual(
    // strace asks on its own whether the process is there, and may stop it.
    said(recorded.of('signal'), ({ direction, signal, other }) => `${direction} ${signal} ${other.type}`).filter(
      (text) => text !== 'receive 19 outside',
    ),
    ['receive 0 outside', 'receive 18 outside'],
  );
  if (existsSync('/usr/bin/strace'))
    assert.deepEqual(
      said(recorded.of('ptrace'), ({ direction, access, other }) => `${direction} ${access} ${other.type}`),
      ['traced attach outside'],
    );
  const shell = await recordCommand([
    '/bin/sh',
    '-c',
    `${program} wait & sleep 0.3; kill -CONT $!; kill -KILL $!; wait`,
  ]);
  assert.deepEqual(
    shell
      .of('signal')
      .map((fact) => `${fact.program} ${signalText(fact)}`)
      .toSorted(),
    ['/usr/bin/dash send 18 container operations 1', '/usr/bin/dash send 9 container operations 1'],
  );
});

test('tracing: who attaches, reads memory or takes a handle; not what was attached already', { skip }, async () => {
  const { of, lost } = await recordCommand([program, 'tracing']);
  assert.equal(lost, 0);
  assert.deepEqual(
    said(of('ptrace'), ({ direction, access, other, seen }) => `${direction} ${access} ${whom(other)} ${seen.count}`),
    // Attached, seized, read from, written to, a handle taken, and one that asked for it.
    ['trace attach container operations 6', 'trace read container operations 1'],
  );
});

test('limits: those that were set, for itself or another', { skip }, async () => {
  const { of, lost } = await recordCommand([program, 'limits']);
  assert.equal(lost, 0);
  assert.deepEqual(
    said(of('rlimit'), ({ resource, soft, hard, seen }) => `${resource} ${soft} ${hard} ${seen.count}`),
    ['core 0 4096 1', 'fsize null null 1', 'nofile 100 200 3'],
  );
});

test('locks: by whole file, range and lease; an exclusive one is asked for as a write', { skip }, async () => {
  const { argv, folder } = inFolder('locks');
  const { of, lost } = await recordCommand(argv);
  assert.equal(lost, 0);
  const files = of('file').filter(({ path }) => path.startsWith(`${folder}/`));
  const names = (wanted: string): string[] =>
    files
      .filter(({ access, resolution, kind }) => access === wanted && resolution === 'exact' && kind === 'file')
      .map(({ path }) => path.slice(folder.length + 1))
      .toSorted();
  assert.deepEqual(names('lock'), ['exclusive', 'flock', 'handle', 'lease', 'posix', 'waits']);
  // `exclusive` was opened to be read.
  assert.deepEqual(names('write'), ['exclusive', 'handle', 'none', 'posix', 'waits']);
});

test('what another convention asked for is named as a gap, and only where it was', {
  skip: skip || (process.arch !== 'x64' && 'needs x86_64'),
}, async () => {
  const odd = join(base, 'odd-calls');
  execFileSync('gcc', ['-O1', '-o', odd, fileURLToPath(new URL('odd-calls.c', import.meta.url))]);
  for (const [what, gap] of [
    ['socket', true],
    ['compat', false],
    // A handler's return leaves no number of a call behind.
    ['handler', false],
  ] as const) {
    const { recording, of } = await recordCommand([odd, what]);
    const { gaps = [] } = recording.coverage.find(({ sensor }) => sensor === 'operations') ?? {};
    assert.equal(gaps.join().includes('32-bit programs ran'), gap, what);
    const files = recording.coverage.find(({ sensor }) => sensor === 'files')?.gaps ?? [];
    if (what === 'handler') assert.ok(!files.join().includes('32-bit programs ran'), files.join());
    assert.deepEqual(of('socket'), []);
  }
});

test('Unix sockets with a path are files: bound ones are made, and those spoken to written', { skip }, async () => {
  const { argv, folder } = inFolder('unix');
  const { of, lost, recording } = await recordCommand(argv);
  assert.equal(lost, 0);
  const full = 'f'.repeat(108);
  assert.deepEqual(
    of('file')
      .filter(({ kind, path }) => kind === 'socket' || path.endsWith('/gone'))
      .map(
        ({ access, path, resolution, seen }) =>
          `${access} ${path.slice(folder.length + 1)} ${resolution} ${seen.count}`,
      )
      .toSorted(),
    ['message', 'stream', 'to', full].flatMap((name) => [`create ${name} exact 1`, `write ${name} exact 1`]).toSorted(),
  );
  assert.deepEqual(recording.coverage.find(({ sensor }) => sensor === 'files')?.gaps, []);
});

test('strace sees the same sockets and signals', {
  skip: skip || (!existsSync('/usr/bin/strace') && 'needs strace'),
}, async () => {
  const logs = mkdtempSync(join(base, 'logs-'));
  const watch = ['-ff', '-qq', '-X', 'raw', '-e', 'trace=socket,socketpair,kill,tgkill', '-e', 'signal=none', '-z'];
  // strace itself sends signals and traces: only what the shell's children did is compared.
  const { of } = await recordCommand([
    ...(['strace', ...watch, '-o', join(logs, 'log')] as const),
    ...(['/bin/sh', '-c', `${program} sockets; ${program} signals`] as const),
  ]);
  const truth = readdirSync(logs).flatMap((name) => readFileSync(join(logs, name), 'utf8').split('\n'));
  const made = truth.filter((line) => /^socket(pair)?\(/.test(line)).length;
  const recorded = said(of('socket'), ({ seen }) => String(seen.count)).reduce((sum, count) => sum + Number(count), 0);
  assert.equal(recorded, made);
  assert.equal(made, 10);
  const signals = new Set(truth.flatMap((line) => /^t?g?kill\(.*, (\w+)\) /.exec(line)?.[1] ?? []).map(Number));
  const told = new Set(
    of('signal')
      .filter(({ program: by, direction }) => by === program && direction === 'send')
      .map(({ signal }) => signal),
  );
  assert.deepEqual(
    [...signals].filter((signal) => !told.has(signal)),
    [],
  );
  assert.ok(signals.size >= 5, [...signals].join());
});
