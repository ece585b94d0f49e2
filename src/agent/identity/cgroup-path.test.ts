import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cgroupPlace, pathOfProcess } from './cgroup-path.ts';

const uid = '0f2d9a7e-1b3c-4d5e-8f90-a1b2c3d4e5f6';
const slice = uid.replaceAll('-', '_');
const staticUid = '7c1de1a1d6e4a1c6f0a1b2c3d4e5f607';
const id = 'ab'.repeat(32);
const container = (podUid = uid, nested = false) => ({ type: 'container', podUid, id, nested });

const cases: [path: string, place: object][] = [
  // cgroupfs
  [`/kubepods/pod${uid}/${id}`, container()],
  [`/kubepods/burstable/pod${uid}/${id}`, container()],
  [`/kubepods/besteffort/pod${uid}/${id}`, container()],
  [`/kubepods/burstable/pod${staticUid}/${id}`, container(staticUid)],
  [`/kubepods/burstable/pod${uid}/crio-${id}`, container()],
  [`/kubepods/burstable/pod${uid}/libpod-${id}`, container()],
  // systemd
  [`/kubepods.slice/kubepods-pod${slice}.slice/cri-containerd-${id}.scope`, container()],
  [
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${slice}.slice/cri-containerd-${id}.scope`,
    container(),
  ],
  [`/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${slice}.slice/crio-${id}.scope`, container()],
  [`/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${slice}.slice/docker-${id}.scope`, container()],
  [`/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${slice}.slice/libpod-${id}.scope`, container()],
  [
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${staticUid}.slice/cri-containerd-${id}.scope`,
    container(staticUid),
  ],
  // below the container
  [`/kubepods.slice/kubepods-pod${slice}.slice/crio-${id}.scope/container`, container(uid, true)],
  [`/kubepods/pod${uid}/${id}/system.slice/sshd.service`, container(uid, true)],
  // a nested kubelet, and one with a root of its own
  [
    `/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod${slice}.slice/cri-containerd-${id}.scope`,
    container(),
  ],
  [`/docker/${'cd'.repeat(32)}/kubelet/kubepods/burstable/pod${uid}/${id}`, container()],
  // a slice's name where there is no systemd
  [`/system.slice/containerd.service/kubepods-burstable-pod${slice}.slice:cri-containerd:${id}`, container()],
  // beside containers, above them, elsewhere
  [`/kubepods.slice/kubepods-pod${slice}.slice/crio-conmon-${id}.scope`, { type: 'monitor' }],
  [`/kubepods.slice/kubepods-pod${slice}.slice`, { type: 'ground' }],
  ['/kubepods.slice/kubepods-burstable.slice', { type: 'ground' }],
  ['/kubepods/burstable', { type: 'ground' }],
  ['/kubepods', { type: 'ground' }],
  [`/system.slice/docker-${id}.scope`, { type: 'other' }],
  [`/user.slice/user-0.slice/libpod-${id}.scope`, { type: 'other' }],
  [`/kubepods/pod${uid}/not-an-id`, { type: 'other' }],
  [`/kubepods/pod${uid}/${id.slice(1)}`, { type: 'other' }],
  ['/', { type: 'other' }],
  ['', { type: 'other' }],
];

test('a path tells pod and container, whoever made it', () => {
  for (const [path, place] of cases) assert.deepEqual(cgroupPlace(path), place, path);
});

test('a process is found in the v2 tree, or in a v1 tree where that says nothing', () => {
  const path = `/kubepods/pod${uid}/${id}`;
  assert.equal(pathOfProcess(`0::${path}\n`), path);
  assert.equal(pathOfProcess(`5:memory:${path}\n4:cpu,cpuacct:/x\n0::/\n`), path);
  assert.equal(pathOfProcess(`8:pids:${path}\n1:name=systemd:/y\n`), path);
  assert.equal(pathOfProcess(`5:memory:/old\n0::${path}:with:colons\n`), `${path}:with:colons`);
  assert.equal(pathOfProcess('0::/\n'), '/');
  assert.equal(pathOfProcess(''), null);
});
