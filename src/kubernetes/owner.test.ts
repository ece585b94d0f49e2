import assert from 'node:assert/strict';
import { test } from 'node:test';
import { controllerOf, type Owned, type Owner, workloadOf } from './owner.ts';

const created = Date.UTC(2026, 10, 23, 9, 30);
const pod = (name: string, owner: Owner | null, labels: Record<string, string> = {}): Owned => ({
  namespace: 'shop',
  name,
  owner,
  labels,
  node: 'node-1',
  created,
});
const of = (kind: string, name: string): Owner => ({ kind, name, uid: `${kind}/${name}` });
const minute = Math.floor(created / 60_000);

const cases: [what: string, pod: Owned, above: Record<string, Owner | null>, kind: string, name: string][] = [
  ['a bare pod is its own workload', pod('debug', null), {}, 'Pod', 'debug'],
  ['a static pod is one workload on all nodes', pod('etcd-node-1', of('Node', 'node-1')), {}, 'Pod', 'etcd'],
  ['a static pod with a name of its own keeps it', pod('etcd', of('Node', 'node-1')), {}, 'Pod', 'etcd'],
  ['a StatefulSet', pod('db-0', of('StatefulSet', 'db')), {}, 'StatefulSet', 'db'],
  ['a DaemonSet', pod('log-x', of('DaemonSet', 'log')), {}, 'DaemonSet', 'log'],
  ['a custom controller', pod('run-1', of('Workflow', 'run')), {}, 'Workflow', 'run'],
  [
    'a Deployment above its ReplicaSet',
    pod('web-5d-x', of('ReplicaSet', 'web-5d')),
    { 'ReplicaSet/web-5d': of('Deployment', 'web') },
    'Deployment',
    'web',
  ],
  [
    "a Deployment by the hash, where the ReplicaSet isn't known",
    pod('web-5d-x', of('ReplicaSet', 'web-5d'), { 'pod-template-hash': '5d' }),
    {},
    'Deployment',
    'web',
  ],
  [
    'a Rollout by its hash',
    pod('web-5d-x', of('ReplicaSet', 'web-5d'), { 'rollouts-pod-template-hash': '5d' }),
    {},
    'Rollout',
    'web',
  ],
  ['a ReplicaSet of nobody', pod('rs-x', of('ReplicaSet', 'rs')), { 'ReplicaSet/rs': null }, 'ReplicaSet', 'rs'],
  ['a ReplicaSet without a hash stays one', pod('rs-x', of('ReplicaSet', 'rs')), {}, 'ReplicaSet', 'rs'],
  ['an empty hash is none', pod('rs-x', of('ReplicaSet', 'rs-'), { 'pod-template-hash': '' }), {}, 'ReplicaSet', 'rs-'],
  [
    'a CronJob above its Job',
    pod('tidy-1-x', of('Job', 'tidy-1')),
    { 'Job/tidy-1': of('CronJob', 'tidy') },
    'CronJob',
    'tidy',
  ],
  ['a CronJob by the minute', pod('tidy-x', of('Job', `tidy-${minute}`)), {}, 'CronJob', 'tidy'],
  ['a Job whose digits are no time', pod('import-x', of('Job', 'import-12345678')), {}, 'Job', 'import-12345678'],
  [
    'a Job that is known to be alone, whatever its name',
    pod('tidy-x', of('Job', `tidy-${minute}`)),
    { [`Job/tidy-${minute}`]: null },
    'Job',
    `tidy-${minute}`,
  ],
];

test('the workload above a pod', () => {
  for (const [what, owned, above, kind, name] of cases) {
    assert.deepEqual(
      workloadOf(owned, (uid) => above[uid]),
      { namespace: 'shop', kind, name },
      what,
    );
  }
});

test('only the reference that controls counts', () => {
  assert.equal(controllerOf(undefined), null);
  assert.equal(controllerOf([{ kind: 'Node', name: 'n', uid: 'u' }]), null);
  assert.deepEqual(
    controllerOf([
      { kind: 'A', name: 'a', uid: '1' },
      { kind: 'B', name: 'b', uid: '2', controller: true },
    ]),
    { kind: 'B', name: 'b', uid: '2' },
  );
});
