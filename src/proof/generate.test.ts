import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Baseline } from '#baseline/baseline.ts';
import { kinds } from '#policies/index.ts';
import { evidences } from './generate.ts';

function baseline(cluster: string | null, workload: string, container: string): Baseline {
  const place = cluster === null ? null : { cluster, namespace: 'shop', kind: 'Deployment' };
  return { place, workload, container, instances: [], coverage: [], facts: [] };
}

const all = [
  baseline('one', 'web', 'app'),
  baseline('one', 'web', 'proxy'),
  baseline('one', 'db', 'app'),
  baseline('two', 'web', 'app'),
  baseline(null, 'web', 'app'),
];

test("baselines come in the groups of the kind's unit, and clusters never mix", () => {
  const groups = { container: 5, workload: 4, cluster: 3 };
  for (const kind of kinds) {
    const found = evidences(kind, all, null);
    assert.equal(found.length, groups[kind.unit], kind.name);
    assert.equal(found.flatMap(({ baselines }) => baselines).length, all.length);
    for (const { baselines } of found)
      assert.equal(new Set(baselines.map(({ place }) => place?.cluster)).size, 1, kind.name);
  }
});
