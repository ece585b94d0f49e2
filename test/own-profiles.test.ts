/** The profiles that the chart ships for kguardian itself, under the kernel: the broker serves, in runc, as its pod would. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { fold } from '#baseline/fold.ts';
import { startContainer } from '#cli/demo/container.ts';
import { seccomp } from '#policies/seccomp/index.ts';
import { ask, freePort, recordingsFrom } from './broker-process.ts';
import { kguardian } from './cli.ts';
import { recordingOf, textOf } from './cluster-recordings.ts';

const profile = (part: string, form: string): string =>
  readFileSync(fileURLToPath(new URL(`../chart/files/kguardian-${part}-seccomp.${form}`, import.meta.url)), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'kguardian-own-'));
after(() => rmSync(folder, { recursive: true, force: true }));

for (const part of ['agent', 'broker']) {
  test(`the ${part}'s profile says the same to a node and to the Security Profiles Operator`, () => {
    const [node, operator] = ['json', 'yaml'].map((form) => seccomp.evaluator(profile(part, form)).permissions);
    assert.deepEqual(node, operator);
    assert.equal((parse(profile(part, 'yaml')) as { metadata: { name: string } }).metadata.name, `kguardian-${part}`);
    assert.equal(seccomp.evaluator(profile(part, 'json')).answer({ arch: 'x86_64', syscall: 'mount' }).verdict, 'deny');
  });
}

test('the broker serves under its own profile, and a recording comes back as it was sent', {
  skip:
    process.getuid?.() !== 0
      ? 'needs root'
      : process.arch !== 'x64'
        ? 'recorded on x86_64'
        : !existsSync('/usr/sbin/runc') && 'needs runc',
}, async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const root = dirname(dirname(kguardian));
  const container = await startContainer({
    argv: [
      kguardian,
      'broker',
      '--insecure-no-auth',
      '--listen',
      `127.0.0.1:${port}`,
      '--database',
      join(folder, 'broker.db'),
    ],
    seccomp: JSON.parse(profile('broker', 'json')) as unknown,
    noNewPrivileges: true,
    writable: [folder, root],
  });
  try {
    let ready = 0;
    for (let tries = 0; tries < 150 && ready !== 200; tries += 1) {
      await sleep(200);
      ready = await ask(`${url}/readyz`).then(
        ({ code }) => code,
        () => 0,
      );
    }
    assert.equal(ready, 200, container.stderr());
    const sent = recordingOf({ pod: 'cart-1', facts: 50 });
    const headers = { 'content-type': 'application/x-ndjson' };
    const { code, body } = await ask(`${url}/v1/recordings`, { method: 'POST', headers, body: textOf(sent) });
    assert.equal(code, 200, body.toString('utf8'));
    const [back] = await recordingsFrom(url);
    assert.deepEqual(fold(back === undefined ? [] : [back]), fold([sent]));
  } finally {
    await container.remove();
  }
});
