/** A real recording of nginx, started as root, and what is left of it when it was cut or something was lost. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import type { Baseline } from '#baseline/baseline.ts';
import { fold } from '#baseline/fold.ts';
import { readRecording } from '#observation/reading.ts';
import { observations } from './audit.ts';
import { behaviourOf } from './behaviour.ts';

const file = fileURLToPath(new URL('../../../recordings/nginx.jsonl.zst', import.meta.url));
const lines = zstdDecompressSync(readFileSync(file)).toString('utf8').trimEnd().split('\n');
const recording = await readRecording(lines);
const [baseline] = fold([recording]) as [Baseline];

test('what nginx did as root is seen', () => {
  const { uids, capabilities, programs, listens, files } = behaviourOf(baseline);
  assert.deepEqual(uids, { seen: [0], all: true });
  assert.deepEqual(capabilities, { seen: ['CAP_CHOWN', 'CAP_SETGID', 'CAP_SETUID'], all: true });
  assert.deepEqual(programs.seen, ['/usr/sbin/nginx']);
  assert.ok(listens.seen.some(({ ip }) => ip === '127.0.0.1'));
  assert.ok(files.seen.some(({ path, written }) => written && path.endsWith('/logs/access.log')));
  assert.equal(files.all, true);
  const blind = baseline.coverage.map((each) =>
    each.sensor === 'files' ? { ...each, gaps: ['some are not seen'] } : each,
  );
  assert.equal(behaviourOf({ ...baseline, coverage: blind }).files.all, false);
});

test('a recording that was cut, began late or lost something is not all there was', () => {
  const all = (changed: Partial<Baseline>): boolean => behaviourOf({ ...baseline, ...changed }).capabilities.all;
  assert.equal(all({}), true);
  assert.equal(all({ instances: baseline.instances.map((each) => ({ ...each, complete: false })) }), false);
  assert.equal(all({ instances: baseline.instances.map((each) => ({ ...each, fromStart: false })) }), false);
  assert.equal(all({ coverage: baseline.coverage.map((each) => ({ ...each, lost: 1 })) }), false);
  assert.equal(all({ coverage: [] }), false);
  assert.equal(all({ instances: [] }), false);
});

test('what people do by exec, and what the runtime does, is not the workload', () => {
  for (const phase of ['session', 'runtime', 'setup'] as const) {
    const facts = baseline.facts.map((fact) =>
      fact.claim.type === 'exec' ? { ...fact, claim: { ...fact.claim, phase } } : fact,
    );
    assert.deepEqual(behaviourOf({ ...baseline, facts }).uids.seen, []);
  }
});

test('observations are taken for the pods of their workload alone', () => {
  const place = { cluster: 'c', namespace: 'shop', kind: 'Deployment' };
  const source = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'nginx', path: [], pod: {} };
  const found = (kind: string, namespace: string | null, at: Baseline['place'] = place): number =>
    observations([{ ...baseline, place: at }])({ ...source, kind, namespace }).size;
  assert.equal(found('Deployment', 'shop'), 1);
  assert.equal(found('Deployment', null), 1);
  assert.equal(found('Deployment', 'other'), 0);
  assert.equal(found('StatefulSet', 'shop'), 0);
  assert.equal(found('StatefulSet', 'shop', null), 1);
  assert.equal(observations([baseline])({ ...source, name: 'other', namespace: null }).size, 0);
});
