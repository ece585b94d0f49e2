/** Bad input of `gen resources` and `evaluate resources`: an exit code, one sentence, nothing that looks like an answer. */
import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Ran, run } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'kguardian-resources-input-'));
after(() => rmSync(folder, { recursive: true }));
const put = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const minutes = (value: number, perMinute = 60): number[][] =>
  Array.from({ length: 1440 }, (_, at) => [1_700_000_000 + at * perMinute, value]);
const container = (name = 'app', cpu = minutes(0.2)): object => ({ name, pods: [{ cpu, memory: minutes(2 ** 28) }] });
const series = (id: string, ...containers: readonly object[]): string => `${JSON.stringify({ id, containers })}\n`;
const good = put('good.jsonl', series('a', container()));
const gen = (...argv: string[]): Promise<Ran> => run(['gen', 'resources', ...argv]);
const evaluate = (...argv: string[]): Promise<Ran> => run(['evaluate', 'resources', ...argv]);
const milliseconds = minutes(0.2).map(([at = 0, value]) => [at * 1000, value]);

const unread: readonly (readonly [what: string, line: string, message: RegExp])[] = [
  ['milliseconds', series('a', container('app', milliseconds as number[][])), /^\S+:1: \S+: a time is in seconds/m],
  [
    'two containers of one name',
    series('a', container(), container()),
    /:1: containers: two containers have one name$/m,
  ],
  ['a negative amount', series('a', container('app', [[1, -1]])), /:1: containers\.0\.pods\.0\.cpu\.0\.1: Too small/],
  [
    'an amount beyond doubles',
    '{"id":"a","containers":[{"name":"b","pods":[{"cpu":[[1,1e999]],"memory":[]}]}]}',
    /:1: /,
  ],
  ['a number', '5\n', /:1: Invalid input: expected object, received number$/m],
  ['what is not JSON', '\u0000\u0001\n', /:1: not JSON$/m],
];
for (const [what, text, message] of unread)
  test(`${what}: told with file and line, and no series is left`, async () => {
    const { code, stdout, stderr } = await gen('--series', put('bad.jsonl', text), '-o', 'table');
    assert.equal(code, 2, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, message);
    assert.match(stderr, /^kguardian: there is no series to advise on$/m);
  });

const refused: readonly (readonly [what: string, ran: () => Promise<Ran>, message: RegExp])[] = [
  ['a folder', () => gen('--series', folder), /cannot read ".*": it is a folder$/m],
  [
    'a period of nothing',
    () => gen('--series', good, '--observation-period', '0s'),
    /takes a length of time .*, more than 0/,
  ],
  [
    'a step of nothing',
    () => gen('--series', good, '--cpu-step', '0'),
    /--cpu-step takes CPU \(250m, 0\.5\), more than 0, not "0"/,
  ],
  ['a floor beyond doubles', () => gen('--series', good, '--cpu-floor', '1e400'), /--cpu-floor takes CPU/],
  ['a ratio beyond doubles', () => gen('--series', good, '--oom-ratio', '9'.repeat(400)), /--oom-ratio takes a number/],
  [
    'two sources',
    () => gen('--series', good, '--from', good),
    /usage comes from one of --series, --from and --metrics$/m,
  ],
  ['a source beside series', () => gen('--series', good, '--metrics', 'http://x'), /usage comes from one of/],
  ['labels for series', () => gen('--series', good, '-l', 'app=web'), /--selector is for what our agents sampled/],
  [
    'a time for Prometheus',
    () => gen('web', '--metrics', 'http://127.0.0.1:1', '--since', '1h'),
    /--since is for what our/,
  ],
  ['standard input twice', () => gen('--series', '-', '--series', '-'), /standard input can be read once$/m],
  ['a container that is none', () => gen('--series', good, '-c', 'no'), /no series of a container "no" to advise on$/m],
  [
    'the same for people',
    () => gen('--series', good, '-c', 'no', '-o', 'table'),
    /no series of a container "no" to advise/,
  ],
  ['an id that is none', () => gen('b', '--series', good), /no series with the id "b" to advise on$/m],
  [
    'both of standard input',
    () => evaluate('--series', '-'),
    /series and answers cannot both come from standard input$/m,
  ],
  [
    'no answer at all',
    () => evaluate('--series', good, '/dev/null'),
    /^\/dev\/null: no answer for 1 series, "a" among them$/m,
  ],
];
for (const [what, ran, message] of refused)
  test(`${what}: one sentence, nothing written`, async () => {
    const { code, stdout, stderr } = await ran();
    assert.equal(code, 2, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, message);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  });

test('a line that no string holds is passed over, and the others are answered', { timeout: 60_000 }, async () => {
  const file = join(folder, 'long.jsonl');
  const handle = openSync(file, 'w');
  const megabyte = Buffer.alloc(1 << 20, 'x');
  for (let at = 0; at < 600; at += 1) writeSync(handle, megabyte);
  writeSync(handle, `\n${series('a', container())}`);
  closeSync(handle);
  const { code, stdout, stderr } = await gen('--series', file);
  rmSync(file);
  assert.equal(code, 2);
  assert.match(stderr, /long\.jsonl:1: longer than 256 MiB$/m);
  assert.deepEqual(
    stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: unknown }).id),
    [null, 'a'],
  );
});

test('nothing but too little: exit code 1, in lines as in a table', async () => {
  const short = put(
    'short.jsonl',
    series('a', container('app', minutes(0.2).slice(0, 3))).replace(/"memory":.*\]\]/, '"memory":[]'),
  );
  for (const form of ['jsonl', 'table']) assert.equal((await gen('--series', short, '-o', form)).code, 1, form);
});

test('the judge takes names as names, the first of two series, and one answer each', async () => {
  const twice = put(
    'twice.jsonl',
    series('a', container('constructor')) + series('a', container('constructor', minutes(9))),
  );
  const request = { request: 1, limit: 1 };
  const answers: readonly object[] = [
    { id: 'a', containers: {} },
    { id: 'a', containers: { constructor: { cpu: request } } },
  ];
  const file = put('answers.jsonl', answers.map((each) => `${JSON.stringify(each)}\n`).join(''));
  const { code, stdout, stderr } = await evaluate('--series', twice, file);
  assert.equal(code, 2);
  assert.match(stderr, /twice\.jsonl:2: a second series of the id "a": the first is judged$/m);
  const [none, judged] = stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { containers: object }).containers);
  assert.deepEqual(none, { constructor: { error: 'there is no answer for it' } });
  assert.match(JSON.stringify(judged), /"samples":1440,"aboveRequest":0/);
});

test('manifests that are of something else are told of', async () => {
  const usage = put('web.jsonl', series('shop/Pod/web', container()));
  const { code, stderr } = await gen('--series', usage, '-f', put('other.yaml', 'just words'), '-o', 'table');
  assert.equal(code, 0);
  assert.match(stderr, /no manifest \(or more than one\) is of it: what is requested now is not known/);
});

test('manifests count in every form: a limit that is reached is told of', async () => {
  const pod = { containers: [{ name: 'app', resources: { limits: { memory: '256Mi' } } }] };
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop' }, spec: pod };
  const usage = put('web.jsonl', series('shop/Pod/web', container()));
  for (const form of ['jsonl', 'json', 'table']) {
    const { stdout, stderr } = await gen('--series', usage, '-f', put('web.json', JSON.stringify(object)), '-o', form);
    assert.match(stdout + stderr, /memory reached 256 MiB of a limit of 256 MiB/, form);
  }
});
