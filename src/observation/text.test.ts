import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeText, encodeText, printable } from './text.ts';

test('any bytes become text and the same bytes again', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) =>
      assert.deepEqual([...encodeText(decodeText(bytes))], [...bytes]),
    ),
    { numRuns: 2000 },
  );
});

test('text that is UTF-8 stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) =>
      assert.equal(decodeText(new TextEncoder().encode(text)), text),
    ),
  );
});

test('surrogates written as UTF-8 are bytes that are no text', () => {
  assert.equal(decodeText(Uint8Array.of(0xed, 0xb2, 0x80)), '\udced\udcb2\udc80');
});

test('what is printed cannot move the cursor, hide or reorder text, or be taken for an escape', () => {
  assert.equal(printable('a\x1b[2Jb\u202e\n\udcff\\n'), 'a\\x1b[2Jb\\u{202e}\\n\\xff\\\\n');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => assert.match(printable(text), /^[^\p{Cc}\p{Cf}\p{Cs}]*$/u)),
  );
});
