import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterForm } from './cluster-form.ts';
import { meshMembers } from './mesh-members.ts';

const signs = { pod: { meshed: 'yes', injected: null }, namespace: { mode: 'on' }, exempt: { mode: 'off' } };
const pod = (labels: Record<string, string>, namespace = 'a', hostNetwork = false) => ({
  namespace,
  labels,
  hostNetwork,
});
const clusterOf = (labels: Record<string, string>) =>
  clusterForm.parse({ namespaces: { a: {}, b: { mode: 'on' } }, pods: [{ namespace: 'a', name: 'p', labels }] });

test('where one pod bears a sign, those that bear none are outside', () => {
  const members = meshMembers(clusterOf({ meshed: 'yes' }), signs, undefined);
  assert.equal(members.assumed, false);
  const has = [
    pod({ meshed: 'yes' }),
    pod({ meshed: 'no' }),
    pod({ injected: 'x' }),
    pod({}),
    pod({}, 'b'),
    pod({ mode: 'off' }, 'b'),
  ];
  assert.deepEqual(
    has.map((each) => members.has(each)),
    [true, false, true, false, true, false],
  );
});

test("where none does, all are taken to be in it but those in their node's network, unless labels are asked for", () => {
  const members = meshMembers(clusterOf({}), signs, undefined);
  assert.deepEqual([members.assumed, members.has(pod({})), members.has(pod({}, 'a', true))], [true, true, false]);
  assert.equal(meshMembers(clusterOf({}), signs, 'labelled').has(pod({})), false);
  const all = meshMembers(clusterOf({ meshed: 'yes' }), signs, 'all');
  assert.deepEqual([all.assumed, all.has(pod({}))], [false, true]);
});
