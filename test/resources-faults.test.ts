/** What Prometheus can answer instead of usage, and what may be wrong with how it is asked: one sentence, no secret, nothing on stdout. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Ran, run } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'kguardian-resources-faults-'));
const secret = 'hunter2';

const json = (status: number, body: object) => (response: ServerResponse) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};
const matrix = { resultType: 'matrix', result: [] };
const answers: Readonly<Record<string, (response: ServerResponse) => void>> = {
  refused: json(400, { status: 'error', errorType: 'bad_data', error: 'parse error \u001b[31min red' }),
  unauthorized: (response) => response.writeHead(401).end('who are you'),
  broken: json(500, { status: 'error', errorType: 'internal', error: 'no space' }),
  gateway: (response) => response.writeHead(503, { 'content-type': 'text/html' }).end('<html>down</html>'),
  page: (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>log in</html>'),
  login: (response) => response.writeHead(302, { location: `/page?state=${secret}` }).end(),
  silent: () => undefined,
  slow: (response) => response.writeHead(200).write('{"status":'),
  cut: (response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('{"status":');
    setTimeout(() => response.destroy(), 50);
  },
  bare: json(200, { status: 'success' }),
  vector: json(200, { status: 'success', data: { resultType: 'vector', result: [] } }),
  partial: json(200, { status: 'success', warnings: ['store \u001b[31ma failed'], data: matrix }),
};

describe('Prometheus that does not answer, or is asked wrongly', () => {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    const [, path = ''] = (request.url ?? '').split('/');
    paths.push(path);
    request.resume();
    answers[path.replace(/\?.*/, '')]?.(response);
  });
  let url: string;
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });
  const gen = (...argv: string[]): Promise<Ran> =>
    run(['gen', 'resources', 'web', '-n', 'shop', '--observation-period', '3h', '-f', '/dev/null', ...argv]);
  const refused = ({ code, stdout, stderr }: Ran, wanted: number, message: RegExp): void => {
    assert.equal(code, wanted, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, message);
    for (const never of [secret, '\u001b', '    at ']) assert.ok(!stderr.includes(never), stderr);
  };

  const given: readonly (readonly [path: string, code: number, message: RegExp])[] = [
    ['refused', 2, /refuses the query \(status 400\): parse error \S+\[31min red$/m],
    ['unauthorized', 2, /refuses the query \(status 401\): the answer is no JSON$/m],
    ['broken', 3, /cannot answer \(status 500\): no space$/m],
    ['gateway', 3, /cannot answer \(status 503\): the answer is no JSON$/m],
    ['page', 2, /gives no usage \(status 200\): the answer is no JSON$/m],
    ['login', 2, /leads elsewhere \(status 302\); give the URL that answers itself$/m],
    ['silent', 3, /^kguardian: cannot reach Prometheus at http:\S+\/silent: no answer within 1s$/m],
    ['slow', 3, /^kguardian: the answer of Prometheus at http:\S+\/slow was cut: no answer within 1s$/m],
    ['cut', 3, /^kguardian: the answer of Prometheus at http:\S+\/cut was cut: \S/m],
    ['bare', 2, /gives no usage \(status 200\): the answer has no data$/m],
    ['vector', 2, /the answer is a vector, not a matrix$/m],
    ['partial', 2, /Prometheus warns, so something may be missing: store \S+\[31ma failed\n/],
  ];
  for (const [path, code, message] of given)
    test(`an answer like ${path}`, async () =>
      refused(await gen('--metrics', `${url}/${path}`, '--request-timeout', '1s'), code, message));

  test('a redirection is not followed', () => assert.ok(!paths.includes('page?state=hunter2'), paths.join(' ')));

  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const wrong: readonly (readonly [what: string, argv: () => readonly string[], message: RegExp])[] = [
    ['a password in the URL', () => [`http://me:${secret}@127.0.0.1:1`], /takes no user, password or query/],
    ['a token in the URL', () => [`${url}/page?token=${secret}`], /takes no user, password or query/],
    ['a URL that is none', () => [`http://me:${secret}@[x`], /the URL of Prometheus cannot be read/],
    ['another protocol', () => ['prometheus', `ftp://${secret}@x`], /takes an http or https URL behind it/],
    ['a header without a name', () => [url, '--prometheus-header', `Bearer ${secret}`], /takes "Name: value"$/m],
    ['a header of other letters', () => [url, '--prometheus-header', `A: ➜${secret}`], /what no HTTP header takes/],
    ['a header with lines', () => [url, '--prometheus-header', `A: b\n${secret}`], /what no HTTP header takes/],
    ['a tenant with lines', () => [url, '--prometheus-tenant', `a\n${secret}`], /what no HTTP header takes/],
    ['a token with lines', () => [url, '--prometheus-token-file', write('t', `a\n${secret}`)], /no HTTP header takes/],
    ['an empty token', () => [url, '--prometheus-token-file', write('e', '\n')], /^kguardian: there is no token in "/m],
    ['a folder for a token', () => [url, '--prometheus-token-file', folder], /cannot read ".*it is a folder/],
    ['half a second', () => [url, '--step', '1.5s'], /--step takes a length of time in whole seconds/],
    ['a window that is none', () => [url, '--rate-window', '0s'], /--rate-window takes a length of time in whole/],
  ];
  for (const [what, argv, message] of wrong)
    test(`${what}: refused before anything is asked`, async () => {
      paths.length = 0;
      refused(await gen('--metrics', ...argv()), 2, message);
      assert.deepEqual(paths, []);
    });

  const manifests: readonly (readonly [what: string, metadata: object, argv: readonly string[], message: RegExp])[] = [
    [
      'names that are patterns',
      { name: '.*', namespace: 'shop' },
      ['--all', '-n', 'shop'],
      /"\.\*" is no name of an object/,
    ],
    ['names without a namespace', { name: 'web' }, ['-A'], /Pod "web" names no namespace; say it with -n$/m],
    ['another namespace alone', { name: 'web', namespace: 'other' }, ['--all', '-n', 'shop'], /there are no workloads/],
    [
      'a name in all namespaces',
      { name: 'web' },
      ['web', '-A'],
      /a NAME is of one namespace; give -n NAMESPACE, or -A/,
    ],
  ];
  for (const [what, metadata, argv, message] of manifests)
    test(`manifests with ${what}: refused before anything is asked`, async () => {
      paths.length = 0;
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'app' }] } };
      const file = write('pod.json', JSON.stringify(pod));
      refused(await run(['gen', 'resources', ...argv, '--metrics', `${url}/partial`, '-f', file]), 2, message);
      assert.deepEqual(paths, []);
    });

  test('a step of days, and a wait longer than timers know, are asked for', async () => {
    const ran = await gen('--metrics', `${url}/partial`, '--step', '2d', '--request-timeout', '9999999h');
    refused(ran, 2, /knows no usage of what was asked for/);
  });
});
