import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Behaviour } from '../behaviour.ts';
import { hardenedPlan, plan } from './plan.ts';

const none = { seen: [], all: true };
const quiet: Behaviour = {
  uids: { seen: [0], all: true },
  programs: none,
  capabilities: none,
  listens: none,
  files: none,
  outside: none,
};
const wrote = (...paths: string[]): Behaviour['files'] => ({
  seen: paths.map((path) => ({ path, written: true, device: false })),
  all: true,
});
const hardenedPod = (spec: object, behaviour: Partial<Behaviour>): ReturnType<typeof hardenedPlan> => {
  const observed = new Map([['app', { ...quiet, ...behaviour }]]);
  return hardenedPlan(plan({ spec }, 'baseline', 'latest', observed), 'latest', observed);
};
const app = { name: 'app' };

test('a container that wrote nothing gets a read-only root, and keeps the capabilities that it used', () => {
  const { pod, left } = hardenedPod({ containers: [app] }, { capabilities: { seen: ['CAP_CHOWN'], all: true } });
  assert.deepEqual(left, []);
  assert.deepEqual(pod, {
    spec: {
      containers: [
        {
          name: 'app',
          securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'], add: ['CHOWN'] } },
        },
      ],
    },
  });
});

test('folders that were written become emptyDirs, those within another and within mounts do not', () => {
  const container = { ...app, volumeMounts: [{ name: 'data', mountPath: '/data/' }] };
  const { pod } = hardenedPod(
    { containers: [container], volumes: [{ name: 'data', emptyDir: {} }] },
    { files: wrote('/tmp/a', '/tmp/b/c', '/data/x', '/dev/shm/y', '/var/cache/n/1') },
  );
  const { spec } = pod as { spec: { containers: { volumeMounts: unknown }[]; volumes: unknown } };
  assert.deepEqual(spec.containers[0]?.volumeMounts, [
    { name: 'data', mountPath: '/data/' },
    { name: 'app-tmp', mountPath: '/tmp' },
    { name: 'app-var-cache-n', mountPath: '/var/cache/n' },
  ]);
  assert.deepEqual(spec.volumes, [
    { name: 'data', emptyDir: {} },
    { name: 'app-tmp', emptyDir: {} },
    { name: 'app-var-cache-n', emptyDir: {} },
  ]);
});

test('an emptyDir never hides what the image holds, and what was not watched stays as it is', () => {
  const read = { path: '/etc/app/conf', written: false, device: false };
  const beside = hardenedPod(
    { containers: [app] },
    { files: { seen: [...wrote('/etc/app/pid').seen, read], all: true } },
  );
  const root = beside.remedies.find(({ check }) => check === 'readOnlyRootFilesystem');
  assert.deepEqual(root?.effect, { type: 'breaks', why: 'wrote beside /etc/app/conf, which the image holds' });
  assert.deepEqual(root?.changes, []);
  const unsure = hardenedPod(
    { containers: [app] },
    { files: { ...wrote('/tmp/a'), all: false }, capabilities: { seen: [], all: false } },
  );
  assert.deepEqual(unsure.pod, { spec: { containers: [app] } });
  const other = hardenedPod({ containers: [{ name: 'other' }] }, {});
  assert.deepEqual(other.remedies, []);
});
