import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Owner } from '#kubernetes/owner.ts';
import { podState } from '#kubernetes/pod-state.ts';
import { type Known, type Met, verdict } from './naming.ts';
import { Pods } from './pods.ts';

const id = 'ab'.repeat(32);
const other = 'cd'.repeat(32);
const minute = 60_000;

const met: Met = { id, podUid: 'uid-1', at: 0, fromStart: true, firstOfPod: false, program: '/usr/bin/app' };

interface Told {
  readonly ids?: readonly string[];
  readonly previous?: string;
  readonly uid?: string;
  readonly annotations?: Record<string, string>;
  readonly owner?: object;
  readonly field?: string;
}

function pod({
  ids = [id],
  previous,
  uid = 'uid-1',
  annotations = {},
  owner,
  field = 'containerStatuses',
}: Told = {}): unknown {
  return {
    metadata: {
      namespace: 'shop',
      name: 'web-0',
      uid,
      annotations,
      labels: { app: 'web' },
      ...(owner === undefined ? {} : { ownerReferences: [owner] }),
    },
    spec: { nodeName: 'node-1', serviceAccountName: 'web', hostNetwork: true },
    status: {
      [field]: ids.map((each, at) => ({
        name: `app-${at}`,
        image: 'example.org/app:1',
        imageID: `example.org/app@sha256:${'0'.repeat(64)}`,
        containerID: `containerd://${each}`,
        ...(previous === undefined ? {} : { lastState: { terminated: { containerID: `cri-o://${previous}` } } }),
      })),
    },
  };
}

function known(objects: readonly unknown[], more: Partial<Known> = {}): Known {
  const pods = new Pods();
  for (const object of objects) {
    const state = podState(object);
    assert.ok(state);
    pods.put(state);
  }
  return {
    cluster: 'test',
    node: 'node-1',
    pods,
    podsFollowed: true,
    above: () => undefined,
    selects: () => true,
    holdMs: 10 * minute,
    ...more,
  };
}

test('a container is named by the id that its pod tells, with all that is known of it', () => {
  assert.deepEqual(verdict(met, known([pod()]), 1000), {
    type: 'named',
    container: {
      type: 'container',
      id,
      workload: 'web-0',
      name: 'app-0',
      started: 0,
      image: 'example.org/app:1',
      imageDigest: `sha256:${'0'.repeat(64)}`,
      pod: {
        cluster: 'test',
        namespace: 'shop',
        kind: 'Pod',
        name: 'web-0',
        uid: 'uid-1',
        node: 'node-1',
        labels: { app: 'web' },
        serviceAccount: 'web',
        hostNetwork: true,
      },
      fromStart: true,
    },
  });
});

const controlled = (kind: string): Owner & { controller: boolean } => ({
  kind,
  name: 'top-1',
  uid: 'o',
  controller: true,
});
const verdicts: [what: string, met: Partial<Met>, known: Known, age: number, verdict: string][] = [
  ['init containers', {}, known([pod({ field: 'initContainerStatuses' })]), 0, 'named'],
  ['ephemeral containers', {}, known([pod({ field: 'ephemeralContainerStatuses' })]), 0, 'named'],
  ['the run before this one', {}, known([pod({ ids: [other], previous: id })]), 0, 'named'],
  ['a pod that is not told of yet', {}, known([]), minute, 'wait'],
  ['a status that is not told of yet', {}, known([pod({ ids: [] })]), minute, 'wait'],
  ['an id that another pod tells', {}, known([pod({ uid: 'uid-2' })]), minute, 'wait'],
  [
    "a static pod's cgroup",
    { podUid: 'hash' },
    known([pod({ annotations: { 'kubernetes.io/config.hash': 'hash' } })]),
    0,
    'named',
  ],
  [
    "a static pod's object by its own uid",
    {},
    known([pod({ annotations: { 'kubernetes.io/config.hash': 'hash' } })]),
    0,
    'wait',
  ],
  ['nobody names it in time', {}, known([]), 11 * minute, 'unnamed'],
  ['nobody can name it while the API server is away', {}, known([], { podsFollowed: false }), 60 * minute, 'wait'],
  ['a namespace that is not wanted', {}, known([pod()], { selects: () => false }), 0, 'excluded'],
  ['the same before its status', {}, known([pod({ ids: [] })], { selects: () => false }), 0, 'excluded'],
  ['a sandbox', { firstOfPod: true, program: '/pause' }, known([]), 4000, 'sandbox'],
  ['a sandbox that was there before us', { fromStart: false, program: '/usr/bin/pod' }, known([]), 4000, 'sandbox'],
  ["a sandbox's first moments", { firstOfPod: true, program: '/pause' }, known([]), 1000, 'wait'],
  ['a program of that name in a container', { program: '/pause' }, known([pod()]), 4000, 'named'],
  ['a later container with such a program', { program: '/pause' }, known([]), 4000, 'wait'],
  [
    'a sandbox by another name, once all others are told',
    { firstOfPod: true, program: '/x' },
    known([pod({ ids: [other] })]),
    minute,
    'sandbox',
  ],
  [
    'a first container is waited for',
    { firstOfPod: true, program: '/x' },
    known([pod({ ids: [other] })]),
    10_000,
    'wait',
  ],
  ["an owner's owner that is not told yet", {}, known([pod({ owner: controlled('Job') })]), 1000, 'wait'],
  ['the same after a while', {}, known([pod({ owner: controlled('Job') })]), 11_000, 'named'],
  ['an owner that is alone', {}, known([pod({ owner: controlled('Job') })], { above: () => null }), 1000, 'named'],
  ['an owner at the top', {}, known([pod({ owner: controlled('DaemonSet') })]), 0, 'named'],
];

test('what becomes of a container that was met', () => {
  for (const [what, more, who, age, type] of verdicts)
    assert.equal(verdict({ ...met, ...more }, who, age).type, type, what);
});

test('a pod that is gone names its containers for a while, and no longer', () => {
  const pods = new Pods();
  const state = podState(pod());
  assert.ok(state);
  pods.put(state);
  pods.remove('uid-1', 0);
  pods.forget(9 * minute);
  assert.equal(pods.find(id, 'uid-1')?.container.name, 'app-0');
  pods.forget(11 * minute);
  assert.equal(pods.find(id, 'uid-1'), null);
});

test('a pod of the same name with another uid is another pod', () => {
  const who = known([pod(), pod({ uid: 'uid-2', ids: [other] })]);
  const first = verdict(met, who, 0);
  const second = verdict({ ...met, id: other, podUid: 'uid-2' }, who, 0);
  assert.deepEqual(
    [first, second].map((each) => (each.type === 'named' ? each.container.pod?.uid : each.type)),
    ['uid-1', 'uid-2'],
  );
});
