/** The laws of DESIGN.md for every kind: over random baselines, and over every real recording. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { fold } from '#baseline/fold.ts';
import { completeRecording } from '#observation/arbitraries.ts';
import type { Observation } from '#observation/observation.ts';
import { readRecording } from '#observation/reading.ts';
import type { Recording } from '#observation/recording.ts';
import { proved, replay } from '#proof/replay.ts';
import { kinds } from './index.ts';
import type { Evaluator, Generated, PolicyKind } from './kind.ts';

const folder = fileURLToPath(new URL('../../recordings', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl.zst'));
const real = await Promise.all(
  files.map((name) =>
    readRecording(
      zstdDecompressSync(readFileSync(`${folder}/${name}`))
        .toString('utf8')
        .trimEnd()
        .split('\n'),
    ),
  ),
);

function generated(kind: PolicyKind, recording: Recording): Generated {
  const [baseline] = fold([recording]);
  assert.ok(baseline);
  return kind.generate({ baselines: [baseline], cluster: null }, kind.options.parse({}));
}

function texts(kind: PolicyKind, recording: Recording): string[] {
  const result = generated(kind, recording);
  assert.equal(result.type, 'artifacts', JSON.stringify(result));
  return result.type === 'artifacts' ? result.artifacts.map(({ text }) => text) : [];
}

const evaluators = (kind: PolicyKind, recording: Recording): Evaluator[] =>
  texts(kind, recording).map((text) => kind.evaluator(text));

/** Runs a law over many random recordings, and over the real ones. */
function overAll(law: (recording: Recording) => void, numRuns = 40): void {
  fc.assert(fc.property(completeRecording, law), { numRuns });
  for (const recording of real) law(recording);
}

test('there are real recordings', () => assert.ok(real.length >= 3));

for (const kind of kinds) {
  test(`${kind.name}: blind to order, and to repeats`, () => {
    overAll((recording) => {
      const { observations } = recording;
      const turned = { ...recording, observations: [...observations.toReversed(), ...observations.slice(0, 5)] };
      assert.deepEqual(texts(kind, turned), texts(kind, recording));
    });
  });

  test(`${kind.name}: complete, all that was observed and is governed is allowed`, () => {
    overAll((recording) => {
      for (const evaluator of evaluators(kind, recording)) assert.ok(proved(replay(evaluator, [recording])));
    });
  });

  test(`${kind.name}: tight, without the evidence for a permission it is refused`, () => {
    overAll((recording) => {
      for (const evaluator of evaluators(kind, recording)) {
        const permissionOf = (each: Observation): string | undefined =>
          evaluator.governs(each) ? evaluator.judge(each).permission : undefined;
        for (const permission of evaluator.permissions) {
          // The runtime's own needs stand without evidence, and say so.
          if (evaluator.ground(permission) !== null) continue;
          const evidence = recording.observations.filter((each) => permissionOf(each) === permission);
          const rest = {
            ...recording,
            observations: recording.observations.filter((each) => permissionOf(each) !== permission),
          };
          const fewer = generated(kind, rest);
          if (fewer.type === 'abstained') continue;
          assert.ok(evidence.length > 0, `${permission} has neither evidence nor ground`);
          for (const { text } of fewer.artifacts) {
            const [first] = evidence;
            assert.equal(first && kind.evaluator(text).judge(first).verdict, 'deny', permission);
          }
        }
      }
    }, 10);
  });

  test(`${kind.name}: tight, next to what is allowed everything is refused`, () => {
    overAll((recording) => {
      for (const evaluator of evaluators(kind, recording)) {
        const granted = new Set(evaluator.permissions);
        for (const { query, label } of evaluator.neighbours()) {
          if (!granted.has(label)) assert.notEqual(evaluator.answer(query).verdict, 'allow', label);
        }
      }
    });
  });

  test(`${kind.name}: monotone, more evidence never removes a permission`, () => {
    fc.assert(
      fc.property(completeRecording, completeRecording, (one, other) => {
        const more = { ...one, observations: [...one.observations, ...other.observations] };
        const before = evaluators(kind, one).flatMap(({ permissions }) => permissions);
        const after = new Set(evaluators(kind, more).flatMap(({ permissions }) => permissions));
        assert.deepEqual(
          before.filter((permission) => !after.has(permission)),
          [],
        );
      }),
      { numRuns: 40 },
    );
  });

  test(`${kind.name}: honest, it abstains with a reason on an empty, cut, lossy or blind recording`, () => {
    overAll((recording) => {
      const worse: Recording[] = [
        { ...recording, observations: [] },
        { ...recording, end: null },
        { ...recording, coverage: recording.coverage.map((each) => ({ ...each, lost: 1 })) },
        { ...recording, coverage: [] },
        { ...recording, coverage: recording.coverage.map((each) => ({ ...each, state: 'unavailable' as const })) },
      ];
      for (const each of worse) {
        const result = generated(kind, each);
        assert.ok(result.type === 'abstained' && result.reason.length > 10, JSON.stringify(result));
      }
    }, 10);
  });
}
