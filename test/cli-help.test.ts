/** Help as people read it, of every command that there is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from './cli.ts';

const helps = new Map<string, string>();
async function walk(path: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await run([...path, '--help']);
  assert.deepEqual([code, stderr], [0, ''], path.join(' '));
  helps.set(path.join(' '), stdout);
  const [, below = ''] = stdout.split('\nCommands:\n');
  for (const [, name = ''] of below.matchAll(/^ {2}([a-z][a-z-]*)/gm)) if (name !== 'help') await walk([...path, name]);
}

test('no line of help is wider than a terminal, but for examples, which are pasted', { timeout: 240_000 }, async () => {
  await walk([]);
  assert.ok(helps.size > 60, `${helps.size} commands`);
  for (const [path, text] of helps)
    for (const line of text.split('\n'))
      assert.ok(line.length <= 80 || line.startsWith('  kguardian '), `${path}: ${line}`);
});

test('every flag says what it does', () => {
  let flags = 0;
  for (const [path, text] of helps)
    for (const [line, flag = '', said = ''] of text.matchAll(/^ {2}(?:-\w, )?(--[a-z0-9-]+)(?: <\S+>)? +(.*)$/gm)) {
      flags += 1;
      assert.match(said, /^[^( ]/, `${path} ${flag} is not explained: ${line}`);
    }
  assert.ok(flags > 500, `${flags} flags`);
});

test('help is a command, too, and nobody who asks for nothing is left alone', async () => {
  const asked = await run(['help', 'gen']);
  assert.deepEqual([asked.code, asked.stdout], [0, helps.get('gen')]);
  const nothing = await run([]);
  assert.deepEqual([nothing.code, nothing.stdout, nothing.stderr], [2, '', helps.get('')]);
});
