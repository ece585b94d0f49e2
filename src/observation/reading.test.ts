import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fold } from '#baseline/fold.ts';
import { completeRecording } from './arbitraries.ts';
import { readRecording, readRecordings, RecordingError } from './reading.ts';
import type { Line, Recording } from './recording.ts';
import { writeRecording } from './writing.ts';

function lines({ header, containers, observations, coverage }: Recording): string[] {
  const body: Line[] = [header, ...containers, ...observations, ...coverage];
  return writeRecording([...body, { type: 'end', ended: 2, lines: body.length }]);
}
const sample = lines(fc.sample(completeRecording, { numRuns: 1, seed: 7 })[0] as Recording);
const [header = '', ...rest] = sample;

test('what was written is read, whatever is in the strings', async () => {
  await fc.assert(
    fc.asyncProperty(completeRecording, async (recording) => {
      const read = await readRecording(lines(recording));
      assert.deepEqual(fold([read]), fold([recording]));
      assert.equal(read.end === null, false);
    }),
    { numRuns: 100 },
  );
});

test('a recording that was cut anywhere is read up to there, and known to be cut', async () => {
  const text = sample.join('\n');
  for (const at of [header.length + 1, Math.floor(text.length / 2), text.length - 3]) {
    const read = await readRecording(text.slice(0, at).split('\n'));
    assert.equal(read.end, null);
  }
});

test('recordings that follow one another are read one by one, and lines are counted through', async () => {
  const read = await Array.fromAsync(readRecordings([...sample, '', ...sample]));
  assert.equal(read.length, 2);
  assert.deepEqual(read[0], read[1]);
  await assert.rejects(
    Array.fromAsync(readRecordings([...sample, ...sample.slice(0, -1), '{}'])),
    (error) => error instanceof RecordingError && error.line === 2 * sample.length,
  );
});

const faults: readonly (readonly [what: string, lines: readonly string[], message: RegExp])[] = [
  ['nothing', [], /line 1: the recording is empty/],
  ['another file', ['hello'], /line 1: not JSON; this is not a kguardian recording/],
  ['other JSON', ['{"a":1}'], /line 1: does not begin with a recording line/],
  [
    'a newer version',
    [header.replace('"version":1', '"version":2')],
    /line 1: version 2, written by a newer kguardian; this one reads version 1: upgrade it/,
  ],
  ['damage in the middle', [header, '{"type":', ...rest], /line 2: not JSON; the file is damaged here/],
  ['an unknown field', [header, '{"type":"end","ended":1,"lines":1,"x":1}'], /line 2: .*x/],
  ['lines that are missing', [header, ...rest.slice(1)], /counts \d+ lines before it, there are \d+/],
  ['two recordings in one file', [...sample, ...sample], /follows the end line/],
  [
    'a container that is not described',
    [
      header,
      ...rest.filter((line) => !line.includes('"type":"container"')).slice(0, -1),
      `{"type":"end","ended":2,"lines":${sample.length - 4}}`,
    ],
    /names the container "run-\d", which no line describes/,
  ],
  ['a line without end', [header, 'x'.repeat((1 << 20) + 1)], /line 2: longer than/],
];
for (const [what, bad, message] of faults) {
  test(`refused with its line: ${what}`, async () => {
    await assert.rejects(readRecording(bad), (error) => error instanceof RecordingError && message.test(error.message));
  });
}
