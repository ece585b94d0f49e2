import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { resolve } from './resolve.ts';

const root = mkdtempSync(join(tmpdir(), 'kguardian-resolve-'));
after(() => rmSync(root, { recursive: true, force: true }));
for (const folder of ['a/b', 'proc/self', 'proc/7']) mkdirSync(join(root, folder), { recursive: true });
writeFileSync(join(root, 'a/b/file'), '');
const links = {
  'to-a': 'a',
  'to-root': '/a/b',
  up: '../../../..',
  'a/last': 'b/file',
  loop: 'loop',
  first: 'to-a/last',
  'proc/me': '7',
};
for (const [name, target] of Object.entries(links)) symlinkSync(target, join(root, name));

const known = new Set(['/gone', '/gone/sub']);
for (const [folder, name, follows, path] of [
  ['/', 'a/b/file', false, '/a/b/file'],
  ['/a', 'b/../b/./new', false, '/a/b/new'],
  ['/a', '/to-a/b/', false, '/a/b'],
  ['/', 'to-root/file', false, '/a/b/file'],
  ['/', 'up/up/a/x', false, '/a/x'],
  ['/', '../../a', false, '/a'],
  ['/a', 'last', false, '/a/last'],
  ['/a', 'last', true, '/a/b/file'],
  ['/', 'first', true, '/a/b/file'],
  ['/a', '', false, '/a'],
  ['/', 'loop/x', false, null],
  ['/', 'nowhere/x', false, null],
  ['/', 'gone/sub/x', false, '/gone/sub/x'],
  ['/', 'gone/other/x', false, null],
  ['/', 'proc/me/x', false, null],
] as const) {
  test(`${name === '' ? 'nothing' : name} in ${folder}${follows ? ', followed,' : ''} is ${path ?? 'not told'}`, () => {
    assert.equal(resolve(root, folder, name, follows, known), path);
  });
}

test('below a root that is gone nothing is told, whatever may be gone itself', () => {
  const ended = join(root, 'of-a-process-that-ended');
  assert.equal(resolve(ended, '/', 'new', true, known), null);
  assert.equal(resolve(ended, '/', 'gone/x', false, known), null);
  assert.equal(resolve(root, '/', 'new', true, known), '/new');
});
