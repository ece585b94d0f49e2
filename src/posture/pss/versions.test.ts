/** Every check, and every version from which it says something else: pods on both sides of each gate. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaulted } from './defaults.ts';
import { checks, strictestLevel, violations } from './evaluate.ts';
import { newestMinor } from './level.ts';
import { readPod, UnreadablePod } from './pod.ts';
import { cases, good } from './versions.cases.ts';

const versions = Array.from({ length: newestMinor + 1 }, (_, minor) => minor);

test('each check refuses in the versions that have it, and in no other', () => {
  for (const { what, change, level, check, refused } of cases) {
    const pod = structuredClone(good);
    change(pod);
    const view = defaulted(readPod(pod));
    const found = versions.filter((minor) => violations(view, level, minor).some((each) => each.check === check));
    const [from, to] = refused;
    assert.deepEqual(
      found,
      versions.filter((minor) => minor >= from && minor <= to),
      `${what}: ${check} at ${level}`,
    );
  }
  assert.deepEqual(
    [...new Set(cases.map(({ check }) => check))].toSorted(),
    checks.map(({ id }) => id).toSorted(),
    'each of the checks has its case',
  );
});

test('a pod without faults is restricted at every version, an empty one baseline', () => {
  for (const minor of versions) {
    assert.equal(strictestLevel(defaulted(readPod(good)), minor), 'restricted');
    assert.equal(strictestLevel(readPod({ spec: { containers: [{ name: 'app' }] } }), minor), 'baseline');
  }
});

test('versions newer than the newest known are judged as the newest', () => {
  const pod = readPod({ spec: { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_notsent_lowat' }] } } });
  for (const version of [newestMinor, newestMinor + 20, 'latest'] as const)
    assert.deepEqual(violations(pod, 'baseline', version), []);
});

test('init and ephemeral containers are judged as the others, and named with the place of the fault', () => {
  for (const field of ['initContainers', 'ephemeralContainers']) {
    const pod = readPod({ spec: { [field]: [{ name: 'a' }, { name: 'b', securityContext: { privileged: true } }] } });
    const [found] = violations(pod, 'baseline', 'latest');
    assert.deepEqual(found?.faults, [
      { path: ['spec', field, 1, 'securityContext', 'privileged'], container: 'b', value: true },
    ]);
  }
});

test('a field of another type than the API takes is refused, not read as one that is not set', () => {
  for (const [spec, where] of [
    [
      { containers: [{ name: 'a', securityContext: { privileged: 'true' } }] },
      'spec.containers[0].securityContext.privileged',
    ],
    [{ hostNetwork: 1 }, 'spec.hostNetwork'],
    [{ containers: {} }, 'spec.containers'],
    [{ securityContext: { runAsUser: '0' } }, 'spec.securityContext.runAsUser'],
  ] as const)
    assert.throws(
      () => readPod({ spec }),
      (error) => error instanceof UnreadablePod && error.where === where,
    );
});

test('what is null counts as absent, as in the API', () => {
  const pod = readPod({
    metadata: { annotations: null },
    spec: { volumes: null, hostPID: null, containers: [{ name: 'a', securityContext: null, ports: null }] },
  });
  assert.equal(strictestLevel(defaulted(pod), 'latest'), 'baseline');
});
