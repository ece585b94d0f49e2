import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

test('judges share no code with what they judge', () => {
  const folder = fileURLToPath(new URL('judge', import.meta.url));
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  assert.ok(files.length > 5);
  for (const name of files)
    for (const [, from = ''] of readFileSync(`${folder}/${name}`, 'utf8').matchAll(/ from '([^']+)'/g))
      assert.match(from, /^(\.\/|#kubernetes\/(json|selectors)\.ts$|zod$|yaml$|@marcbachmann\/cel-js$)/, name);
});
