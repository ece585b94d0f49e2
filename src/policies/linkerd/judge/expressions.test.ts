import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { examplesOf, expressionMatches } from './expressions.ts';

test('examples of an expression are matched by it, several where it is open', () => {
  for (const [expression, examples] of [
    ['/orders', ['/orders']],
    ['/orders/[0-9]+', ['/orders/0', '/orders/99']],
    ['/a\\-b\\.c', ['/a-b.c']],
    ['/x?', ['/', '/x']],
  ] as const)
    assert.deepEqual(examplesOf(expression), examples, expression);
  const [few, many] = examplesOf('/a/[0-9a-fA-F-]*[0-9][0-9a-fA-F-]*');
  assert.equal(expressionMatches('/a/[0-9]+', few ?? ''), 'yes');
  assert.equal(expressionMatches('/a/[0-9]+', many ?? ''), 'no', 'one that tells it from the narrower');
});

test('what is not understood has no example', () => {
  for (const expression of ['/(a|b)', 'a|b', '/a{2}', '\\d+', '(?i)/a', '[[:alpha:]]', '[', '/[^\\s\\S]'])
    assert.deepEqual(examplesOf(expression), [], expression);
});

test('any literal text is its own example, and no other text matches it', () => {
  const escaped = (text: string): string => text.replaceAll(/[\\^$.|?*+()[\]{}&~#-]/g, '\\$&');
  const texts = fc.string({
    unit: fc.constantFrom(...Array.from('/ab7.-~&#+*()[]{}|^$\\?')),
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(texts, texts, (text, other) => {
      assert.equal(expressionMatches(escaped(text), text), 'yes');
      assert.equal(expressionMatches(escaped(text), other), text === other ? 'yes' : 'no');
      assert.deepEqual(examplesOf(escaped(text)), [text]);
    }),
  );
});
