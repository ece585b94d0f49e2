/** Real programs on this kernel: what they did with files is recorded under the paths that the files really have. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { ObservationOf } from '#observation/observation.ts';
import type { Coverage } from '#observation/recording.ts';
import { decodeText } from '#observation/text.ts';
import { record } from '../record.ts';
import { cases, read, write } from './files.cases.ts';

const python = '/usr/bin/python3';
const skip =
  process.getuid?.() !== 0
    ? 'needs root'
    : !existsSync('/sys/kernel/btf/vmlinux')
      ? 'this kernel has no BTF'
      : !existsSync(python)
        ? `needs ${python}`
        : false;

const base = realpathSync(mkdtempSync(join(tmpdir(), 'kguardian-files-')));
after(() => rmSync(base, { recursive: true, force: true }));

interface Seen {
  readonly files: ObservationOf<'file'>[];
  readonly failed: ObservationOf<'file-failed'>[];
  readonly coverage: Coverage;
}

async function recorded(argv: readonly [string, ...string[]]): Promise<Seen> {
  const { lines, exit } = await record({
    target: { type: 'command', argv, stdout: 'ignore' },
    name: 'files-test',
    by: 'test',
    signal: AbortSignal.timeout(120_000),
  });
  assert.deepEqual(exit, { code: 0 });
  const coverage = lines.find((line): line is Coverage => line.type === 'coverage' && line.sensor === 'files');
  assert.equal(coverage?.state, 'ran', coverage?.hook);
  return {
    files: lines.filter((line) => line.type === 'file'),
    failed: lines.filter((line) => line.type === 'file-failed'),
    coverage,
  };
}

/** Runs Python statements in a folder of their own; `D` is its path, as it is the working directory. */
async function script(statements: string): Promise<Seen & { readonly folder: string; readonly below: () => string[] }> {
  const folder = mkdtempSync(`${base}/`);
  const prelude = `import os, ctypes, mmap\nD = ${JSON.stringify(folder)}\nos.chdir(D)\n`;
  const seen = await recorded([python, '-I', '-S', '-c', `${prelude}${statements}`]);
  assert.equal(seen.coverage.lost, 0);
  // Without the folder itself, sorted: `read /a exact`.
  const below = (): string[] =>
    seen.files
      .filter(({ path }) => path.startsWith(`${folder}/`))
      .map(({ path, access, resolution }) => `${access} ${path.slice(folder.length)} ${resolution}`)
      .toSorted();
  return { ...seen, folder, below };
}

describe('files', { skip }, () => {
  for (const [title, statements, expected] of cases) {
    test(title, async () => {
      const { below } = await script(statements);
      assert.deepEqual(
        below().filter((each) => !each.startsWith('list / ')),
        expected.toSorted(),
      );
    });
  }

  test('names are bytes: lines, quotes, bytes that are no text, the longest name', async () => {
    const names = ['a\nb', `'"\`$(x)`, '\xff\xfe', ' ', 'é', 'x'.repeat(255)];
    const bytes = names.map((name) => Buffer.from(name, name === '\xff\xfe' ? 'latin1' : 'utf8'));
    const { below } = await script(
      `${write}for n in [${bytes.map((name) => `bytes.fromhex('${name.toString('hex')}')`).join(', ')}]: w(n); os.rename(n, n); os.unlink(n)`,
    );
    assert.deepEqual(
      below(),
      bytes
        .flatMap((name) =>
          ['create', 'write', 'rename-from', 'rename-to', 'unlink'].map(
            (access) => `${access} /${decodeText(name)} exact`,
          ),
        )
        .toSorted(),
    );
  });

  test('a path longer than 4,096 bytes is whole; one longer than we carry is cut and says so', async () => {
    const { below, files } = await script(`${write}
n = 'x' * 200
for i in range(45):
  os.mkdir(n); os.chdir(n)
  if i == 24: w('whole')
w('cut')
for i in range(45):
  if os.path.exists('cut'): os.unlink('cut')
  if os.path.exists('whole'): os.unlink('whole')
  os.chdir('..'); os.rmdir(n)`);
    const whole = `/${`${'x'.repeat(200)}/`.repeat(25)}whole`;
    assert.ok(whole.length > 4096);
    assert.ok(below().includes(`create ${whole} exact`));
    const cut = files.filter(({ path, access }) => path.endsWith('/cut') && access === 'create');
    assert.deepEqual(
      cut.map(({ resolution }) => resolution),
      ['cut'],
    );
  });

  test('mounts are passed: a tmpfs and a folder bound elsewhere', async () => {
    const { below } = await script(`${write}${read}
c = ctypes.CDLL(None); assert c.unshare(0x20000) == 0; assert c.mount(b'none', b'/', None, 0x44000, None) == 0
os.mkdir('t'); assert c.mount(b'none', b't', b'tmpfs', 0, None) == 0; os.mkdir('t/in'); w('t/in/a')
os.mkdir('b'); assert c.mount(b't/in', b'b', None, 4096, None) == 0; r('b/a'); os.rename('b/a', 'b/c')
assert c.umount2(b'b', 0) == 0`);
    assert.deepEqual(
      below().filter((each) => !/^(mkdir|create|write)/.test(each)),
      [
        'mount /b exact',
        'mount /t exact',
        'read /b/a exact',
        'rename-from /b/a exact',
        'rename-to /b/c exact',
        'unmount /b exact',
      ],
    );
    assert.ok(below().includes('write /t/in/a exact') && below().includes('mkdir /t/in exact'));
  });

  test('below chroot paths begin at the new root, and links do not lead out of it', async () => {
    const { files } = await script(`${write}
os.mkdir('jail'); os.mkdir('jail/etc'); os.symlink('/etc', 'jail/link'); os.chroot('jail'); os.chdir('/')
w('/link/kguardian-jailed'); os.rename('../link/kguardian-jailed', 'link/kguardian-moved'); import time; time.sleep(0.3)`);
    const jailed = files
      .filter(({ path }) => path.includes('kguardian-'))
      .map(({ path, access, resolution }) => `${access} ${path} ${resolution}`);
    assert.deepEqual(jailed.filter((each) => !/ \/tmp\//.test(each)).toSorted(), [
      'create /etc/kguardian-jailed exact',
      'rename-from /etc/kguardian-jailed exact',
      'rename-to /etc/kguardian-moved exact',
      'write /etc/kguardian-jailed exact',
    ]);
  });

  test('a script, its interpreter and the dynamic linker are all recorded', async () => {
    const { below, files } = await script(`
open('run', 'w').write('#!/bin/sh\\n:\\n'); os.chmod('run', 0o755); os.mkdir('d'); os.symlink('..', 'd/up')
assert os.spawnv(os.P_WAIT, 'd/up/run', ['run']) == 0`);
    assert.ok(below().includes('execute /run exact'));
    const of = (access: string): string[] => files.filter((each) => each.access === access).map(({ path }) => path);
    assert.ok(of('execute').includes(realpathSync('/bin/sh')));
    const linker = /interpreter: (\S+?)\]/.exec(execFileSync('readelf', ['-l', '/bin/sh'], { encoding: 'utf8' }))?.[1];
    assert.ok(of('map-executable').includes(realpathSync(linker ?? '')));
  });

  test('on an overlay, as containers have it, the dynamic linker has its name too', async () => {
    const { files } = await script(`
c = ctypes.CDLL(None); assert c.unshare(0x20000) == 0; assert c.mount(b'none', b'/', None, 0x44000, None) == 0
os.mkdir('t'); assert c.mount(b'none', b't', b'tmpfs', 0, None) == 0; [os.mkdir('t/' + n) for n in ('up', 'work', 'root')]
assert c.mount(b'overlay', b't/root', b'overlay', 0, b'lowerdir=/,upperdir=t/up,workdir=t/work') == 0
os.chroot('t/root'); os.chdir('/'); assert os.spawnv(os.P_WAIT, '/bin/true', ['true']) == 0`);
    const linker = realpathSync(
      /interpreter: (\S+?)\]/.exec(execFileSync('readelf', ['-l', '/bin/true'], { encoding: 'utf8' }))?.[1] ?? '',
    );
    const mapped = files.filter(({ program, path }) => program?.endsWith('/true') && path.endsWith(linker));
    assert.deepEqual(mapped.map(({ path, access, resolution }) => `${access} ${path} ${resolution}`).toSorted(), [
      `map-executable ${linker} exact`,
      `read ${linker} exact`,
    ]);
    assert.deepEqual(
      files.filter(({ resolution }) => resolution !== 'exact'),
      [],
    );
  });

  test('opens that fail are kept apart', async () => {
    const { below, failed, folder } = await script(`
for n in ['gone', D + '/nowhere/x']:
  for i in range(3):
    try: os.open(n, os.O_RDONLY)
    except OSError: pass`);
    assert.deepEqual(below(), []);
    assert.deepEqual(
      failed
        .filter(({ path }) => path.startsWith(`${folder}/`))
        .map(({ path, errno }) => `${path.slice(folder.length)} ${errno}`)
        .toSorted(),
      ['/gone 2', '/nowhere/x 2'],
    );
  });

  test('repeats are counted', async () => {
    const { files, folder } = await script(`${write}${read}w('a')\nfor i in range(500): r('a')`);
    const reads = files.filter(({ path, access }) => path === `${folder}/a` && access === 'read');
    assert.deepEqual(
      reads.map(({ seen }) => seen.count),
      [500],
    );
  });

  test('io_uring is a gap where it is used, and only there', async () => {
    const gap = /io_uring/;
    const without = await script('pass');
    assert.ok(!without.coverage.gaps.some((each) => gap.test(each)));
    const used = await script('c = ctypes.CDLL(None); assert c.syscall(425, 4, ctypes.create_string_buffer(120)) >= 0');
    assert.ok(used.coverage.gaps.some((each) => gap.test(each)));
  });

  test('50,000 files, which the ring holds, are all recorded', async () => {
    const { files, folder, coverage } = await script(`
for d in range(50):
  os.mkdir(str(d))
  for i in range(1000): os.close(os.open(f'{d}/{i}', os.O_WRONLY | os.O_CREAT))`);
    assert.equal(coverage.lost, 0);
    const created = files.filter(({ path, access }) => path.startsWith(folder) && access === 'create');
    assert.equal(new Set(created.map(({ path }) => path)).size, 50_000);
  });

  test('every file that strace saw opened is recorded under its real path', {
    skip: !existsSync('/usr/bin/strace') && 'needs strace',
  }, async () => {
    const log = `${base}/strace.log`;
    const argv = [
      '/bin/sh',
      '-c',
      'ls -lR /etc >/dev/null 2>&1; id; getent passwd root; find /usr/share/doc -maxdepth 1 | sort | head -3; date',
    ] as const;
    execFileSync(
      '/usr/bin/strace',
      ['-f', '-y', '-e', 'trace=open,openat,openat2,creat', '-e', 'signal=none', '-z', '-o', log, ...argv],
      { stdio: 'ignore' },
    );
    const opened = readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => !line.includes('O_PATH'))
      .flatMap((line) => /= \d+<(.*)>$/.exec(line)?.[1] ?? []);
    assert.ok(opened.length > 100);
    const { files } = await recorded([...argv]);
    const paths = new Set(files.filter(({ resolution }) => resolution === 'exact').map(({ path }) => path));
    // A process's own entries differ from run to run.
    assert.deepEqual(
      [...new Set(opened)].filter((path) => !path.startsWith('/proc/') && !paths.has(path)),
      [],
    );
  });
});
