import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evidences } from '#proof/generate.ts';
import { replay } from '#proof/replay.ts';
import type { Observation } from '#observation/observation.ts';
import type { Recording } from '#observation/recording.ts';
import { kinds } from '#policies/index.ts';
import { fold } from './fold.ts';

const call = (name: string, phase: 'program' | 'session'): Observation => ({
  type: 'syscall',
  container: 'c',
  phase,
  program: '/app',
  seen: { first: 1, last: 1, count: 1 },
  arch: 'x86_64',
  nr: 1,
  name,
});

const recording: Recording = {
  header: { type: 'recording', version: 1, by: 't', started: 0, node: { arch: 'x86_64', kernel: 'k', cgroups: 'v2' } },
  containers: [{ type: 'container', id: 'c', workload: 'w', name: 'n', started: 0, fromStart: true }],
  observations: [call('read', 'program'), call('ptrace', 'session')],
  coverage: [],
  end: null,
};

test('what people did by exec is kept in the baseline, and no kind ever sees it', () => {
  const baselines = fold([recording]);
  assert.equal(baselines[0]?.facts.length, 2);
  for (const kind of kinds) {
    const seen = evidences(kind, baselines, null).flatMap((each) => each.baselines.flatMap(({ facts }) => facts));
    assert.deepEqual(
      seen.map(({ claim }) => ('name' in claim ? claim.name : claim.type)),
      ['read'],
      kind.name,
    );
  }
});

test('a proof does not ask for what a session did', () => {
  const asked: (string | null)[] = [];
  replay(
    {
      governs: () => true,
      about: () => '',
      judge(observation) {
        asked.push(observation.type === 'syscall' ? observation.name : null);
        return { verdict: 'allow', rule: '' };
      },
      answer: () => ({ verdict: 'allow', rule: '' }),
      permissions: [],
      ground: () => null,
      neighbours: () => [],
    },
    [recording],
  );
  assert.deepEqual(asked, ['read']);
});

test('a run that was recorded again from later on began when it began, in any order', () => {
  const later: Recording = {
    ...recording,
    containers: [{ type: 'container', id: 'c', workload: 'w', name: 'n', started: 50, fromStart: false }],
  };
  for (const order of [
    [recording, later],
    [later, recording],
  ]) {
    const [baseline] = fold(order);
    assert.deepEqual(
      baseline?.instances.map(({ started, fromStart }) => [started, fromStart]),
      [[0, true]],
    );
  }
});
