/** What the broker answers, and what it takes: the real process, without tokens. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { openapi } from '#api/openapi.ts';
import { accepted, explanations, generated, proof, workloads } from '#api/answers.ts';
import { fold } from '#baseline/fold.ts';
import { fingerprint, selfSigned } from '#broker/tls.ts';
import { readRecordings } from '#observation/reading.ts';
import type { Recording } from '#observation/recording.ts';
import packageFile from '../package.json' with { type: 'json' };
import { type Answer, ask, type Broker, recordingsFrom, startBroker } from './broker-process.ts';
import { hostile, recordingOf, textOf } from './cluster-recordings.ts';
import { recordings, run } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'kguardian-broker-'));
let broker: Broker;

before(async () => {
  broker = await startBroker([
    ...['--insecure-no-auth', '--listen', '127.0.0.1:0', '--database', join(folder, 'broker.db'), '--resolution', '0s'],
    ...['--requests-per-minute', '100000'],
  ]);
});
after(async () => {
  await (broker as Broker | undefined)?.end();
  rmSync(folder, { recursive: true });
});

const asked = (path: string): Promise<Answer> => ask(`${broker.url}${path}`);
const post = (path: string, body: string | Buffer): Promise<Answer> =>
  ask(`${broker.url}${path}`, { method: 'POST', body });
const report = (recording: Recording): Promise<Answer> => post('/v1/recordings', textOf(recording));
const nginx = readFileSync(join(recordings, 'nginx.jsonl.zst'));

test("commands read the broker's answer as they read the file that was sent", async () => {
  const stored = await post('/v1/recordings', nginx);
  assert.equal(stored.code, 200, stored.body.toString());
  accepted.parse(stored.json());
  const answered = join(folder, 'answered.jsonl');
  writeFileSync(answered, (await asked('/v1/recordings?workload=nginx')).body);
  const [fromFile, fromBroker] = await Promise.all(
    [join(recordings, 'nginx.jsonl.zst'), answered].map((from) => run(['gen', 'seccomp', '--from', from])),
  );
  assert.equal(fromBroker?.code, 0, fromBroker?.stderr);
  assert.equal(fromBroker.stdout, fromFile?.stdout);
  const profile = join(folder, 'profile.json');
  writeFileSync(profile, fromBroker.stdout);
  for (const command of ['prove', 'explain']) {
    assert.equal((await run([command, profile, '--from', answered])).code, 0, command);
  }
  assert.equal((await run(['inspect', answered])).code, 0);

  const scope = { workload: 'nginx' };
  const line = (await post('/v1/generate/seccomp', JSON.stringify({ scope }))).json();
  const unit = generated.parse(line);
  assert.equal(unit.type, 'proved');
  assert.equal(unit.artifacts[0]?.text, fromBroker.stdout);
  const artifact = fromBroker.stdout;
  const proved = proof.parse((await post('/v1/prove', JSON.stringify({ artifact, scope }))).json());
  assert.equal(proved.proved, true);
  const { explanations: listed } = explanations.parse(
    (await post('/v1/explain', JSON.stringify({ artifact, scope }))).json(),
  );
  assert.ok(listed.some(({ evidence }) => evidence !== null));
});

test('facts of one type, or of several, come without the others', async () => {
  await report(recordingOf({ pod: 'typed', workload: 'typed', facts: 5 }));
  const types = async (query: string): Promise<string[]> =>
    (await recordingsFrom(broker.url, {}, `?workload=typed${query}`)).flatMap(({ observations }) =>
      observations.map(({ type }) => type),
    );
  assert.deepEqual(await types('&type=syscall'), ['syscall']);
  assert.equal((await types('&type=file')).length, 4);
  assert.equal((await types('&type=file&type=syscall')).length, 5);
  // Whose they would be, and what was watched, is told all the same.
  const [none] = await recordingsFrom(broker.url, {}, '?workload=typed&type=flow');
  assert.deepEqual([none?.observations.length, none?.containers.length, none?.coverage.length], [0, 1, 1]);
  assert.equal((await asked('/v1/recordings?type=everything')).code, 400);
});

test('a kind that speaks of the cluster is given it with the question', async () => {
  await report(recordingOf({ pod: 'a', workload: 'meshed', facts: 1 }));
  const scope = { workload: 'meshed' };
  const cluster = { namespaces: { shop: {} }, nodes: [], workloads: [], pods: [], services: [] };
  const lineOf = async (question: object): Promise<unknown> =>
    (await post('/v1/generate/networkpolicy', JSON.stringify({ scope, ...question }))).json();
  const [without, within] = [generated.parse(await lineOf({})), generated.parse(await lineOf({ cluster }))];
  assert.equal(without.type, 'abstained');
  assert.ok(within.type !== 'abstained' || within.reason !== without.reason, JSON.stringify(within));
});

test('an audit names what was observed since, and an artifact refuses', async () => {
  const artifact = JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: ['SCMP_ARCH_X86_64'],
    syscalls: [],
  });
  const last = Date.now() - 86_400_000;
  await report(recordingOf({ pod: 'drifted', workload: 'drift', facts: 2, first: last, last }));
  const audit = async (since: string): Promise<Answer> =>
    post('/v1/audit', JSON.stringify({ artifact, scope: { namespace: 'shop', workload: 'drift', since } }));
  const found = proof.parse((await audit('2d')).json());
  assert.equal(found.denied, 1);
  assert.equal(found.offences[0]?.observation.type, 'syscall');
  assert.equal((await audit('12h')).code, 404);
});

test('the list of workloads tells windows, instances, losses, sensors and releases', async () => {
  const lost = recordingOf({ pod: 'old', workload: 'listed', digest: 'sha256:1', facts: 1, first: 5000, last: 6000 });
  const [watch] = lost.coverage;
  assert.ok(watch);
  const dns = { ...watch, sensor: 'dns' as const, state: 'unavailable' as const, hook: 'no permission' };
  const coverage = [{ ...watch, lost: 7, gaps: ['a gap'] }, dns];
  const whole = { ...lost, coverage };
  await report({ ...whole, end: { type: 'end', ended: 2, lines: 2 + whole.observations.length + coverage.length } });
  await report(recordingOf({ pod: 'new', workload: 'listed', digest: 'sha256:2', facts: 1, first: 7000, last: 9000 }));
  const list = workloads.parse((await asked('/v1/workloads?namespace=shop&workload=listed')).json());
  assert.equal(list.workloads.length, 1);
  const [status] = list.workloads;
  assert.deepEqual(
    [status?.since, status?.until, status?.instances, status?.fromStart, status?.lost],
    [5000, 9000, 2, 2, 7],
  );
  assert.deepEqual(
    status?.sensors.map(({ sensor, state, hooks, gaps, lost: n }) => [sensor, state, hooks, gaps, n]),
    [
      ['dns', 'unavailable', ['no permission'], [], 0],
      ['syscalls', 'ran', ['tp_btf/sys_enter'], ['a gap'], 7],
    ],
  );
  assert.deepEqual(
    status?.releases.map(({ digest, since, until }) => [digest, since, until]),
    [
      ['sha256:1', 5000, 6000],
      ['sha256:2', 7000, 9000],
    ],
  );
});

test('compressed or not, an answer is the same; several recordings in a stream fold to what was sent', async () => {
  const sent = ['6.1', '6.18'].map((kernel) =>
    recordingOf({ pod: `on-${kernel}`, workload: 'pressed', kernel, facts: 6000 }),
  );
  await post('/v1/recordings', zstdCompressSync(textOf(sent[0] as Recording)));
  await post('/v1/recordings', gzipSync(textOf(sent[1] as Recording)));
  const read = await recordingsFrom(broker.url, {}, '?workload=pressed');
  assert.equal(read.length, 2);
  assert.deepEqual(fold(read), fold(sent));
  for (const encoding of ['gzip', 'zstd']) {
    const response = await fetch(`${broker.url}/v1/recordings?workload=pressed`, {
      headers: { 'accept-encoding': encoding },
    });
    assert.equal(response.headers.get('content-encoding'), encoding);
    // fetch decompresses.
    const lines = (await response.text()).trimEnd().split('\n');
    assert.deepEqual(fold(await Array.fromAsync(readRecordings(lines))), fold(sent));
  }
});

test('hostile strings go in and come out as they were', async () => {
  const sent = hostile.map((text, at) => recordingOf({ pod: `hostile-${at}`, text, facts: 3 }));
  for (const recording of sent) assert.equal((await report(recording)).code, 200);
  for (const [at, text] of hostile.entries()) {
    // A lone surrogate has no place in a URL: its namespace is asked for by nobody.
    if (!text.isWellFormed()) continue;
    const found = await recordingsFrom(broker.url, {}, `?namespace=${encodeURIComponent(text)}`);
    assert.deepEqual(fold(found), fold([sent[at] as Recording]), JSON.stringify(text));
  }
  const all = (await recordingsFrom(broker.url)).filter(({ containers }) =>
    hostile.includes(containers[0]?.workload ?? ''),
  );
  assert.deepEqual(fold(all), fold(sent));
});

test('what is malformed, cut or too large is refused with a sentence, and nothing of it is kept', async () => {
  const good = textOf(recordingOf({ pod: 'bad', workload: 'bad', facts: 2 }));
  const lines = good.trimEnd().split('\n');
  const bomb = zstdCompressSync(Buffer.alloc(64 << 20, 'a'));
  const line = (at: number, change: (text: string) => string): string =>
    `${lines.map((text, each) => (each === at ? change(text) : text)).join('\n')}\n`;
  const cases: [string, string | Buffer, number, RegExp][] = [
    ['empty', '', 400, /empty/],
    ['not JSON', 'hello\n', 400, /line 1: not JSON/],
    ['not UTF-8', Buffer.from([0x7b, 0xff, 0xfe]), 400, /not UTF-8/],
    ['no end', `${lines.slice(0, -1).join('\n')}\n`, 400, /cut before its end/],
    ['cut within a line', good.slice(0, -30), 400, /cut before its end/],
    ['a cut archive', zstdCompressSync(good).subarray(0, 60), 400, /no whole zstd|cut/],
    ['a damaged archive', Buffer.concat([gzipSync(good).subarray(0, 40), Buffer.alloc(40, 1)]), 400, /no whole gzip/],
    ['a bomb', bomb, 413, /larger than 33554432 bytes when decompressed/],
    ['too large', Buffer.alloc(9 << 20, 'a'), 413, /./],
    ['an unknown field', line(1, (text) => text.replace('{', '{"extra":1,')), 400, /line 2: .*extra/],
    ['a wrong number', line(1, (text) => text.replace(/"started":\d+/, '"started":-1')), 400, /line 2: started/],
    ['a huge number', line(1, (text) => text.replace(/"started":\d+/, '"started":1e308')), 400, /line 2: started/],
    ['a newer version', line(0, (text) => text.replace('"version":1', '"version":2')), 400, /newer kguardian/],
    ['a stranger', good.replaceAll('"container":"run-of-bad"', '"container":"another"'), 400, /no line describes/],
    [
      'too long a name',
      good.replaceAll('"workload":"bad"', `"workload":"${'x'.repeat(254)}"`),
      400,
      /workload is longer than 253/,
    ],
    ['too long a line', good.replaceAll('/bin/app', `/${'x'.repeat(1 << 20)}`), 400, /longer than/],
    ['deep nesting', `${'['.repeat(100_000)}${']'.repeat(100_000)}\n`, 400, /line 1/],
  ];
  for (const [what, body, code, reason] of cases) {
    // Who keeps the connection, as agents do, comes to read the answer even when he sends more than is read.
    const answer = await ask(`${broker.url}/v1/recordings`, {
      method: 'POST',
      body,
      headers: { connection: 'keep-alive' },
    });
    assert.equal(answer.code, code, `${what}: ${answer.body.toString().slice(0, 300)}`);
    assert.match(answer.json()['error'] as string, reason, what);
  }
  assert.equal((await asked('/v1/recordings?workload=bad')).code, 404);
  for (const [path, body, code] of [
    ['/v1/generate/seccomp', 'no', 400],
    ['/v1/generate/nothing', '{}', 404],
    ['/v1/generate/seccomp', '{"options":{"defaultAction":"NONE"}}', 400],
    ['/v1/generate/seccomp', '{"scope":{"since":"yesterday"}}', 400],
    ['/v1/prove', '{"artifact":"{}","policy":"seccomp"}', 400],
    ['/v1/prove', '{"artifact":"what is this"}', 400],
    ['/v1/generate/networkpolicy', '{"cluster":{"namespaces":1}}', 400],
    ['/v1/generate/networkpolicy', '{"cluster":[]}', 400],
    ['/v1/prove', '{"__proto__":{"artifact":"x"}}', 400],
  ] as const) {
    const answer = await post(path, body);
    assert.equal(answer.code, code, `${path} ${body}: ${answer.body.toString()}`);
  }
  for (const path of [
    '/v1/workloads?since=soon',
    '/v1/workloads?other=1',
    '/v1/workloads?namespace=a&namespace=b',
    '/v1/recordings?until=',
  ]) {
    assert.equal((await asked(path)).code, 400, path);
  }
  assert.equal((await asked('/v2/recordings')).code, 404);
});

test('half requests and garbage leave the broker as it was', async () => {
  const { hostname, port } = new URL(broker.url);
  for (const bytes of [
    '\0\u0001\u0002 garbage',
    'POST /v1/recordings HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"type"',
    'GET / HTTP/9.9\r\n\r\n',
  ]) {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.write(bytes);
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
  }
  assert.equal((await asked('/readyz')).code, 200);
  assert.equal(broker.process.exitCode, null);
});

test('the description that is served is the one that is printed', async () => {
  const served = (await asked('/openapi.json')).json();
  const { stdout } = await run(['broker', '--print-openapi']);
  assert.deepEqual(served, JSON.parse(stdout));
  assert.deepEqual(served, JSON.parse(JSON.stringify(openapi(packageFile.version))));
});

test('wrong use is one sentence and exit code 2', async () => {
  for (const [argv, reason] of [
    [['--insecure-no-auth', '--listen', '0.0.0.0:0'], /serves this machine alone/],
    [['--insecure-no-auth', '--listen', '8443'], /HOST:PORT/],
    [['--insecure-no-auth', '--retention', 'long'], /--retention takes/],
    [['--insecure-no-auth', '--tls-cert', 'x'], /belong together/],
    [
      ['--insecure-no-auth', '--listen', '127.0.0.1:0', '--database', '/nowhere/at/all.db'],
      /cannot use the sqlite database/,
    ],
    [
      ['--insecure-no-auth', '--listen', new URL(broker.url).host, '--database', join(folder, 'second.db')],
      /it is in use/,
    ],
  ] as const) {
    const { code, stderr } = await run(['broker', ...argv]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, reason);
  }
});

test('TLS: the certificate is made at start and told, or read again when its files change', async () => {
  const presented = (url: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(url);
      const socket = connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().fingerprint256);
        socket.end();
      });
      socket.once('error', reject);
    });
  const kubeconfig = join(folder, 'kubeconfig');
  const cluster = { name: 'c', cluster: { server: 'https://127.0.0.1:1' } };
  const context = { name: 'c', context: { cluster: 'c', user: 'u' } };
  const user = { name: 'u', user: { token: 't' } };
  writeFileSync(
    kubeconfig,
    JSON.stringify({ clusters: [cluster], contexts: [context], users: [user], 'current-context': 'c' }),
  );
  const args = ['--listen', '127.0.0.1:0', '--kubeconfig', kubeconfig, '--cluster', 'test', '--database'];
  const made = await startBroker([...args, join(folder, 'made.db')]);
  try {
    const told = made.log.find(({ sha256 }) => sha256 !== undefined)?.['sha256'];
    assert.equal(await presented(made.url), told);
  } finally {
    await made.end();
  }
  const [first, second] = [await selfSigned(), await selfSigned()];
  const [certFile, keyFile] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  const write = ({ cert, key }: typeof first): void => {
    writeFileSync(certFile, cert);
    writeFileSync(keyFile, key);
  };
  write(first);
  const given = await startBroker([...args, join(folder, 'given.db'), '--tls-cert', certFile, '--tls-key', keyFile]);
  try {
    assert.equal(await presented(given.url), fingerprint(first));
    write(second);
    while ((await presented(given.url)) !== fingerprint(second))
      await new Promise((resolve) => setTimeout(resolve, 200));
    // Who cannot be asked vouches for nobody.
    assert.equal((await ask(`${given.url}/v1/workloads`, { token: 'x' })).code, 503);
    assert.equal((await ask(`${given.url}/v1/workloads`)).code, 401);
  } finally {
    await given.end();
  }
});
