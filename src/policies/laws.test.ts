/** The laws of DESIGN.md for every kind: over random baselines, and over every real recording. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { fold } from '#baseline/fold.ts';
import type { Cluster } from '#kubernetes/cluster.ts';
import { completeRecording, shop } from '#observation/arbitraries.ts';
import { readRecording } from '#observation/reading.ts';
import type { Recording } from '#observation/recording.ts';
import { attributed, proved, replay } from '#proof/replay.ts';
import { kinds } from './index.ts';
import type { Evaluator, Generated, PolicyKind } from './kind.ts';

interface Judge extends Evaluator {
  /** Another form of the artifact before it, which may end where more is to be said than it can say. */
  readonly beside: boolean;
  readonly tight: boolean;
}
type Attributed = ReturnType<typeof attributed>[number];

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
  return kind.generate({ baselines: [baseline], cluster: clusterOf(kind) }, kind.options.parse({}));
}

function clusterOf(kind: PolicyKind): Cluster | null {
  return kind.cluster === 'required' ? shop : null;
}

function texts(kind: PolicyKind, recording: Recording): string[] {
  const result = generated(kind, recording);
  assert.equal(result.type, 'artifacts', JSON.stringify(result));
  return result.type === 'artifacts' ? result.artifacts.map(({ text }) => text) : [];
}

/** What decides together is judged together. */
function judges(kind: PolicyKind, { artifacts }: Extract<Generated, { type: 'artifacts' }>): Judge[] {
  const all = artifacts.filter(({ judged }) => judged !== false);
  const [first] = all;
  if (first === undefined) return [];
  const units = kind.unit === 'cluster' ? [{ ...first, text: all.map(({ text }) => text).join('') }] : all;
  return units.map(({ text, beside, wider }) => ({
    ...kind.evaluator(text, {}, clusterOf(kind)),
    beside: beside === true,
    tight: wider === undefined,
  }));
}

function evaluators(kind: PolicyKind, recording: Recording): Judge[] {
  const result = generated(kind, recording);
  assert.equal(result.type, 'artifacts', JSON.stringify(result));
  return result.type === 'artifacts' ? judges(kind, result) : [];
}

/** Runs a law over many random recordings, and over the real ones: those of hosts say nothing of a cluster. */
function overAll(kind: PolicyKind, law: (recording: Recording) => void, numRuns = 40): void {
  fc.assert(fc.property(completeRecording, law), { numRuns });
  for (const recording of real) if (kind.cluster === 'unused') law(recording);
}

test('there are real recordings', () => assert.ok(real.length >= 3));

for (const kind of kinds) {
  test(`${kind.name}: blind to order, and to repeats`, () => {
    overAll(kind, (recording) => {
      const { observations } = recording;
      const turned = { ...recording, observations: [...observations.toReversed(), ...observations.slice(0, 5)] };
      assert.deepEqual(texts(kind, turned), texts(kind, recording));
    });
  });

  test(`${kind.name}: complete, all that was observed and is governed is allowed`, () => {
    overAll(kind, (recording) => {
      for (const evaluator of evaluators(kind, recording)) assert.ok(proved(replay(evaluator, [recording])));
    });
  });

  test(`${kind.name}: tight, without the evidence for a permission it is refused`, () => {
    overAll(
      kind,
      (recording) => {
        for (const evaluator of evaluators(kind, recording).filter(({ tight }) => tight)) {
          const permissionsOf = ({ observation, by }: Attributed): readonly string[] =>
            evaluator.governs(observation, by) ? (evaluator.judge(observation, by).permissions ?? []) : [];
          const seen = attributed(recording).map((each) => ({ each, permissions: permissionsOf(each) }));
          for (const permission of evaluator.permissions) {
            // The runtime's own needs stand without evidence, and say so.
            if (evaluator.ground(permission) !== null) continue;
            const evidence = seen.filter(({ permissions }) => permissions.includes(permission));
            const rest = {
              ...recording,
              observations: seen
                .filter(({ permissions }) => !permissions.includes(permission))
                .map(({ each }) => each.observation),
            };
            const fewer = generated(kind, rest);
            if (fewer.type === 'abstained') continue;
            assert.ok(evidence.length > 0, `${permission} has neither evidence nor ground`);
            for (const judge of judges(kind, fewer).filter(({ tight }) => tight)) {
              const [first] = evidence;
              // A mesh's port of which nothing is written any more is the default's, not the artifact's.
              if (kind.unit === 'cluster' && first && !judge.governs(first.each.observation, first.each.by)) continue;
              assert.equal(first && judge.judge(first.each.observation, first.each.by).verdict, 'deny', permission);
            }
          }
        }
      },
      10,
    );
  });

  test(`${kind.name}: tight, next to what is allowed everything is refused`, () => {
    overAll(kind, (recording) => {
      for (const evaluator of evaluators(kind, recording)) {
        const granted = new Set(evaluator.permissions);
        for (const { query, label } of evaluator.neighbours()) {
          const { verdict, permissions } = evaluator.answer(query);
          if (verdict === 'allow')
            assert.ok(
              permissions?.some((each) => granted.has(each)),
              label,
            );
        }
      }
    });
  });

  test(`${kind.name}: monotone, more evidence never removes a permission`, () => {
    fc.assert(
      fc.property(completeRecording, completeRecording, (one, other) => {
        const more = { ...one, observations: [...one.observations, ...other.observations] };
        const granted = (recording: Recording): string[] =>
          evaluators(kind, recording).flatMap(({ beside, permissions }) => (beside ? [] : permissions));
        const before = granted(one);
        const after = new Set(granted(more));
        assert.deepEqual(
          before.filter((permission) => !after.has(permission)),
          [],
        );
      }),
      { numRuns: 40 },
    );
  });

  test(`${kind.name}: honest, it abstains with a reason on an empty, cut, lossy or blind recording`, () => {
    overAll(
      kind,
      (recording) => {
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
      },
      10,
    );
  });

  test(`${kind.name}: a recording of a host gives artifacts, or a reason why a cluster is needed`, () => {
    for (const recording of real) {
      const result = generated(kind, recording);
      assert.equal(result.type, kind.cluster === 'unused' ? 'artifacts' : 'abstained');
      if (result.type === 'abstained') assert.match(result.reason, /cluster|pod/);
    }
  });
}
