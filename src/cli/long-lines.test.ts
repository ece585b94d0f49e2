/** Lines come out whole, wherever their bytes were cut. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { eachLine } from './long-lines.ts';

async function linesOf(pieces: readonly Buffer[]): Promise<(string | null)[]> {
  const lines: (string | null)[] = [];
  await eachLine(Readable.from(pieces), (line) => void lines.push(line));
  return lines;
}

test('law: cut anywhere, the lines are those of the whole text', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '€', '😀', '"', '\r') })),
      fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 8 }),
      fc.boolean(),
      async (lines, cuts, ended) => {
        const text = lines.join('\n') + (ended ? '\n' : '');
        const bytes = Buffer.from(text);
        const places = [0, ...cuts.toSorted((a, b) => a - b).map((at) => Math.min(at, bytes.length)), bytes.length];
        const pieces = places
          .slice(1)
          .map((to, at) => bytes.subarray(places[at], to))
          .filter(({ length }) => length > 0);
        const wanted = text.split('\n');
        if (wanted.at(-1) === '') wanted.pop();
        assert.deepEqual(await linesOf(pieces), wanted);
      },
    ),
  ));

test('a line that is longer than anybody writes is passed over, the next one is there', async () => {
  const piece = Buffer.alloc(16 << 20, 0x61);
  const lines = await linesOf([Buffer.from('first\n'), piece, piece, piece, piece, piece, Buffer.from('\nlast\n')]);
  assert.deepEqual(lines, ['first', null, 'last']);
});
