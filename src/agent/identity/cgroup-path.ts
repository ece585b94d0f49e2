/**
 * What the path of a cgroup says of a container: its pod's uid and its id, as kubelet and the runtimes lay them
 * out with either driver, in v2, v1 and mixed trees.
 *
 * - cgroupfs: `/kubepods/burstable/pod<uid>/<id>`
 * - systemd: `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod<uid_with_underscores>.slice/cri-containerd-<id>.scope`
 * - a runtime that was told a slice and makes folders itself: `…/kubepods-burstable-pod<uid>.slice:cri-containerd:<id>`
 *
 * A nested kubelet (kind, say) has the same below a path of its own.
 */

export type CgroupPlace =
  /** `nested`: below the container's own cgroup, made by itself. */
  | { readonly type: 'container'; readonly podUid: string; readonly id: string; readonly nested: boolean }
  /** A runtime's watcher of a container, beside it. */
  | { readonly type: 'monitor' }
  /** The tree itself: its root, a class of service, or a pod. */
  | { readonly type: 'ground' }
  | { readonly type: 'other' };

const podSlice = /^(?:[a-z0-9_]+-)*kubepods(?:-(?:burstable|besteffort|guaranteed))?-pod([0-9a-f_-]{32,36})\.slice$/;
const podFolder = /^pod([0-9a-f-]{32,36})$/;
const colons = /^(.+\.slice):[a-z-]+:([0-9a-f]{64})$/;
const containerName = /^(?:(?:cri-containerd|containerd|crio|docker|libpod|podman)-)?([0-9a-f]{64})(?:\.scope)?$/;
const monitorName = /^(?:crio|libpod)-conmon-[0-9a-f]{64}(?:\.scope)?$/;
const rootName = /^(?:[a-z0-9_]+-)*kubepods(?:\.slice)?$/;

export function cgroupPlace(path: string): CgroupPlace {
  const parts = path.split('/').filter((part) => part !== '');
  const at = parts.findIndex((part) => podUidOf(part) !== null);
  if (at < 0) return joined(parts) ?? { type: parts.some((part) => rootName.test(part)) ? 'ground' : 'other' };
  const podUid = podUidOf(parts[at] ?? '') ?? '';
  const name = parts[at + 1];
  if (name === undefined) return { type: 'ground' };
  if (monitorName.test(name)) return { type: 'monitor' };
  const id = containerName.exec(name)?.[1];
  return id === undefined ? { type: 'other' } : { type: 'container', podUid, id, nested: parts.length > at + 2 };
}

function joined(parts: readonly string[]): CgroupPlace | null {
  for (const [at, part] of parts.entries()) {
    const [, slice = '', id = ''] = colons.exec(part) ?? [];
    const podUid = podUidOf(slice);
    if (podUid !== null) return { type: 'container', podUid, id, nested: parts.length > at + 1 };
  }
  return null;
}

/** systemd has dashes for levels, so uids carry underscores there. */
function podUidOf(name: string): string | null {
  const uid = podSlice.exec(name)?.[1] ?? podFolder.exec(name)?.[1];
  return uid?.replaceAll('_', '-') ?? null;
}

/** The path in the v2 tree, or in the v1 tree of memory or pids, that `/proc/PID/cgroup` tells; null when it tells none. */
export function pathOfProcess(procCgroup: string): string | null {
  const lines = procCgroup
    .split('\n')
    .map((line) => /^\d+:([^:]*):(.*)$/.exec(line))
    .filter((match) => match !== null);
  const of = (wanted: (controllers: string[]) => boolean): string | null =>
    lines.find(([, names = '']) => wanted(names.split(',')))?.[2] ?? null;
  const unified = of(([name]) => name === '');
  // Of a mixed layout the v2 tree may hold nothing but its root.
  if (unified !== null && unified !== '/') return unified;
  return of((names) => names.includes('memory')) ?? of((names) => names.includes('pids')) ?? unified;
}
