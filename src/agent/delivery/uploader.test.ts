import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { buffer } from 'node:stream/consumers';
import { zstdDecompressSync } from 'node:zlib';
import { Spool } from './spool.ts';
import { Uploader } from './uploader.ts';

const closing: (() => void)[] = [];
after(() => {
  for (const close of closing) close();
});

/** A spool with so many recordings, an uploader, and a broker that answers as it is told. */
async function setUp(recordings: number, answer: (headers: IncomingHttpHeaders) => number | 'break' | '403, later') {
  const folder = mkdtempSync(join(tmpdir(), 'kguardian-upload-'));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  const taken: string[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const text = zstdDecompressSync(await buffer(request)).toString('utf8');
      headers.push(request.headers);
      const answered = answer(request.headers);
      const later = answered === '403, later';
      const status = later ? 403 : answered;
      if (status === 'break') return void request.socket.destroy();
      if (status < 300) taken.push(text.trimEnd());
      response.writeHead(status, later || status === 429 ? { 'retry-after': '1' } : {}).end('because');
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const spool = await Spool.open(join(folder, 'spool'), 1 << 20);
  for (let at = 0; at < recordings; at += 1) await spool.add([`recording ${at}`], at);
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 'first\n');
  const said: string[] = [];
  const uploader = new Uploader(spool, {
    broker: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tokenFile,
    caFile: null,
    say: (sentence) => said.push(sentence),
  });
  return {
    spool,
    uploader,
    taken,
    headers,
    said,
    tokenFile,
    refused: () => readdirSync(join(folder, 'spool/refused')),
  };
}

test('recordings go oldest first, with what the broker wants to know', async () => {
  const { spool, uploader, taken, headers } = await setUp(3, () => 204);
  await uploader.drain(AbortSignal.timeout(10_000));
  assert.deepEqual(taken, ['recording 0', 'recording 1', 'recording 2']);
  assert.equal(spool.files.length, 0);
  const { authorization, 'content-type': type, 'content-encoding': encoding } = headers[0] ?? {};
  assert.deepEqual([authorization, type, encoding], ['Bearer first', 'application/x-ndjson', 'zstd']);
  assert.equal(uploader.uploads.acknowledged, 3);
});

test('a token is read again when its file has changed', async () => {
  const { uploader, headers, tokenFile } = await setUp(2, () => 204);
  await uploader.uploadOne();
  writeFileSync(tokenFile, 'second');
  utimesSync(tokenFile, new Date(), new Date(Date.now() + 5000));
  await uploader.uploadOne();
  assert.deepEqual(
    headers.map(({ authorization }) => authorization),
    ['Bearer first', 'Bearer second'],
  );
});

for (const status of [401, '403, later', 408, 429, 500, 503, 'break'] as const) {
  test(`${status}: tried again until it is taken, and told of once`, async () => {
    let left = 3;
    const { spool, uploader, taken, said } = await setUp(1, () => ((left -= 1) >= 0 ? status : 200));
    for (let tries = 0; tries < 3; tries += 1) assert.equal(await uploader.uploadOne(), 'failed');
    assert.equal(spool.files.length, 1);
    assert.equal(await uploader.uploadOne(), 'acknowledged');
    assert.deepEqual(taken, ['recording 0']);
    assert.equal(said.filter((sentence) => sentence.startsWith('cannot upload')).length, 1);
    assert.match(said.at(-1) ?? '', /takes recordings again/);
  });
}

for (const status of [400, 403, 404, 413, 422]) {
  test(`${status}: refused for good, set aside, and what comes after it goes`, async () => {
    let first = true;
    const { uploader, taken, said, refused } = await setUp(2, () => {
      const answer = first ? status : 204;
      first = false;
      return answer;
    });
    assert.equal(await uploader.uploadOne(), 'refused');
    assert.equal(await uploader.uploadOne(), 'acknowledged');
    assert.deepEqual(taken, ['recording 1']);
    assert.equal(refused().length, 1);
    assert.equal(uploader.uploads.refused, 1);
    assert.match(said.join('\n'), new RegExp(`refused .* \\(${status}\\).*because`));
  });
}

test('a broker that is not there is waited for', async () => {
  const { uploader, spool } = await setUp(1, () => 204);
  const away = new Uploader(spool, {
    broker: 'http://127.0.0.1:9',
    tokenFile: null,
    caFile: null,
    say: () => undefined,
  });
  assert.equal(await away.uploadOne(), 'failed');
  assert.equal(await uploader.uploadOne(), 'acknowledged');
});
