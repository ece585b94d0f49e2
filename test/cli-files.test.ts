/** Files that are named: what is none of what was asked for, standard input and output, and what is left after an interruption. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { kguardian, recordings, run, start } from './cli.ts';
import { withoutRoot } from './lab.ts';

const folder = mkdtempSync(join(tmpdir(), 'kguardian-files-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const nginx = join(recordings, 'nginx.jsonl.zst');
const put = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const home = { cwd: folder };

for (const [what, text] of [
  ['nothing', ''],
  ['a word', 'hello\n'],
  ['another object', '{"defaultAction":"SCMP_ACT_ERRNO"}'],
] as const) {
  test(`a file that holds ${what} is no cluster in which nothing runs`, async () => {
    const cluster = put('no-cluster', text);
    const { code, stderr } = await run(['gen', 'networkpolicy', '--from', nginx, '--cluster', cluster], home);
    assert.equal(code, 2);
    assert.match(stderr, /cannot read ".*no-cluster": it holds no objects as `kubectl get -o json` prints them/);
  });
}

test('a document that no API server would take is not passed over by who asks for a level', async () => {
  const file = put('values.yaml', 'replicas: 3\nprivileged: true\n');
  for (const argv of [
    ['audit', 'pss', '-f', file, '--fail-on', 'baseline'],
    ['gen', 'pss', 'labels', '-f', file],
  ]) {
    const { code, stderr } = await run(argv, home);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /values\.yaml:1: no object of a cluster: apiVersion or kind is missing/);
  }
});

test('diff says that a folder is not there, and takes no file for one', async () => {
  const missing = await run(['diff', 'seccomp', '--from', nginx, '--dir', 'no-such-folder'], home);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /^there is no folder "no-such-folder": all that is generated is new$/m);
  const file = await run(['diff', 'seccomp', '--from', nginx, '--dir', put('no-folder', '')], home);
  assert.equal(file.code, 2);
  assert.match(file.stderr, /no-folder": it is no folder/);
});

test('a rule that nobody knows is told, with those that there are', async () => {
  const pod = put('pod.yaml', 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a}]}\n');
  const { code, stderr } = await run(['gen', 'vap', '-f', pod, '--min-objects', '1', '--rule', 'privilegd'], home);
  assert.equal(code, 2);
  assert.match(stderr, /^kguardian: no rule "privilegd" for these objects; there are: .*privileged/);
});

test('artifacts and clusters come from standard input, too, but one alone', async () => {
  const profile = (await run(['gen', 'seccomp', '--from', nginx])).stdout;
  const proved = await run(['prove', '-', '--from', nginx], { input: profile });
  assert.equal(proved.code, 0, proved.stderr);
  const objects = JSON.stringify({ kind: 'List', apiVersion: 'v1', items: [] });
  const cluster = await run(['gen', 'networkpolicy', '--from', nginx, '--cluster', '-'], { input: objects });
  assert.equal(cluster.code, 1, cluster.stderr);
  const both = await run(['prove', '-', '--from', '-'], { input: profile });
  assert.equal(both.code, 2);
  assert.match(both.stderr, /standard input \(-\) can be read once; name a file for the other/);
});

test('a recording that could not be written is not begun', { skip: withoutRoot }, async () => {
  mkdirSync(join(folder, 'taken'));
  for (const [output, message] of [
    ['taken', /cannot write "taken": it is a folder/],
    ['/proc/no-such-folder/x.jsonl', /cannot write "\/proc\/no-such-folder\/x\.jsonl": no such file or directory/],
    ['/proc/version/x.jsonl', /cannot write "\/proc\/version\/x\.jsonl": "\/proc\/version" is no folder/],
  ] as const) {
    const { code, stderr } = await run(['record', '-o', output, '--', 'touch', join(folder, 'ran')], home);
    assert.equal(code, 2);
    assert.match(stderr, message);
    assert.ok(!existsSync(join(folder, 'ran')), 'the command did not run');
  }
});

test('a pipe is written into, and a link stays a link', async () => {
  const log = put(
    'audit.log',
    'type=SECCOMP msg=audit(1.0:1): pid=7 comm="a" exe="/a" sig=0 arch=c000003e syscall=165\n',
  );
  // What our own children have for standard output is a socket, which cannot be opened.
  const line = `${kguardian} import audit-log ${log} --name a -o /dev/stdout | cat`;
  assert.match(execFileSync('/bin/sh', ['-c', line], { encoding: 'utf8', stdio: 'pipe' }), /^\{"type":"recording"/);
  const target = put('target.jsonl', 'before');
  symlinkSync(target, join(folder, 'link.jsonl'));
  assert.equal((await run(['import', 'audit-log', log, '--name', 'a', '-o', 'link.jsonl'], home)).code, 0);
  assert.ok(lstatSync(join(folder, 'link.jsonl')).isSymbolicLink());
  assert.match(readFileSync(target, 'utf8'), /^\{"type":"recording"/);
});

test('devices stay what they are', { skip: withoutRoot }, async () => {
  const log = join(folder, 'audit.log');
  assert.equal((await run(['import', 'audit-log', log, '--name', 'a', '-o', '/dev/null'], home)).code, 0);
  assert.ok(statSync('/dev/null').isCharacterDevice());
});

test('who interrupts a write finds what stood there before, and nothing half', async () => {
  const place = join(folder, 'interrupted');
  mkdirSync(place);
  writeFileSync(join(place, 'file'), 'before');
  const module = pathToFileURL(join(import.meta.dirname, '../src/cli/output-files.ts')).href;
  // Large enough to be on its way for a while.
  const script = `const { writeAtomically } = await import(${JSON.stringify(module)});
    for (;;) await writeAtomically(${JSON.stringify(join(place, 'file'))}, Buffer.alloc(64 << 20, 'x'));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: join(import.meta.dirname, '..'),
    stdio: 'ignore',
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on('close', (_, signal) => resolve(signal)));
  for (let waited = 0; !readdirSync(place).some((name) => name.endsWith('.tmp')); waited += 2) {
    assert.ok(waited < 20_000, 'a write begins');
    await sleep(2);
  }
  child.kill('SIGINT');
  assert.equal(await ended, 'SIGINT');
  assert.deepEqual(readdirSync(place), ['file']);
});

test('who interrupts the demo finds no nginx and no temporary folder', { skip: withoutRoot }, async () => {
  const place = join(folder, 'demo');
  mkdirSync(place);
  process.env['TMPDIR'] = place;
  try {
    const demo = start(['demo', '--output-dir', join(folder, 'demo-out')]);
    await demo.until(/recording programs/);
    assert.match(readdirSync(place).join(), /^kguardian-demo-/);
    assert.equal(await demo.end(), null, 'ended by the signal');
    assert.deepEqual(readdirSync(place), []);
    assert.doesNotMatch(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }), new RegExp(`nginx.*${place}`));
  } finally {
    delete process.env['TMPDIR'];
  }
});
