/**
 * Control groups of this machine: the v2 tree that BPF speaks of, and on hybrid machines the v1 trees
 * where the cpu and memory controllers then are.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { BpfError } from './libbpf/object.ts';

/** A mounted hierarchy. v2 has no controllers in its name: they all live in it. */
interface Hierarchy {
  readonly version: 1 | 2;
  readonly mount: string;
  readonly controllers: readonly string[];
}

/** The controllers whose figures we read. */
const measured = ['memory', 'cpuacct', 'cpu'];

function hierarchies(): Hierarchy[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .trimEnd()
    .split('\n')
    .flatMap((line): Hierarchy[] => {
      const [left = '', right = ''] = line.split(' - ');
      const [type, , options = ''] = right.split(' ');
      // proc(5) writes blanks in paths as octal.
      const mount = (left.split(' ')[4] ?? '').replaceAll(/\\(\d{3})/g, (_, octal: string) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      );
      if (type === 'cgroup2') return [{ version: 2, mount, controllers: [] }];
      return type === 'cgroup' ? [{ version: 1, mount, controllers: options.split(',') }] : [];
    });
}

export function cgroupLayout(): 'v1' | 'v2' | 'hybrid' {
  const versions = new Set(hierarchies().map(({ version }) => version));
  return versions.size === 2 ? 'hybrid' : versions.has(2) ? 'v2' : 'v1';
}

/** Where the v2 tree is mounted. */
export function unifiedMount(): string {
  const found = hierarchies().find(({ version }) => version === 2);
  if (found === undefined)
    throw new Error('cannot record: no cgroup v2 tree is mounted (mount -t cgroup2 none /sys/fs/cgroup/unified)');
  return found.mount;
}

/** The folder of a process's cgroup in a hierarchy. */
function folderOf(pid: number | 'self', hierarchy: Hierarchy): string {
  const line = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
    .split('\n')
    .map((text) => text.split(':'))
    .find(([, names = '']) =>
      hierarchy.version === 2 ? names === '' : names.split(',').some((name) => hierarchy.controllers.includes(name)),
    );
  const path = line?.slice(2).join(':') ?? '/';
  return path === '/' ? hierarchy.mount : hierarchy.mount + path;
}

/** Folders to read figures from, by controller; in the v2 tree all are the same folder. */
export interface UsageFolders {
  readonly unified: string;
  readonly memory: string | null;
  readonly cpuacct: string | null;
  readonly cpu: string | null;
}

/**
 * Of a folder of the v2 tree. Runtimes give a container the same path in the v1 trees; one that differs
 * there is found through a process that is inside.
 */
export function counterparts(folder: string): UsageFolders {
  const all = hierarchies();
  const path = folder.slice(unifiedMount().length);
  const member = existsSync(`${folder}/cgroup.procs`)
    ? Number(readFileSync(`${folder}/cgroup.procs`, 'utf8').split('\n')[0])
    : 0;
  const of = (controller: string): string | null => {
    const found = all.find(({ controllers }) => controllers.includes(controller));
    if (found === undefined) return null;
    return existsSync(found.mount + path) || member === 0 ? found.mount + path : folderOf(member, found);
  };
  return { unified: folder, memory: of('memory'), cpuacct: of('cpuacct'), cpu: of('cpu') };
}

export interface Cgroup {
  /** In the v2 tree. */
  readonly folder: string;
  /** As BPF knows it: the folder's inode. */
  readonly id: bigint;
  /** Files to write a process id into, in this order, to put it inside. */
  readonly procs: readonly string[];
  readonly usage: UsageFolders;
  /** Waits until it is empty, at most 10 s, and removes the folders. */
  remove(): Promise<void>;
}

/** Makes a cgroup below our own in the v2 tree, and its likes in the v1 trees that measure. */
export function createCgroup(name: string): Cgroup {
  const safe = `kguardian-${name.replaceAll(/[^A-Za-z0-9._-]/g, '-').slice(0, 100)}-${process.pid}-${(made += 1)}`;
  const wanted = hierarchies().filter(
    ({ version, controllers }) => version === 2 || controllers.some((each) => measured.includes(each)),
  );
  if (!wanted.some(({ version }) => version === 2)) unifiedMount();
  const folders = new Map<Hierarchy, string>();
  try {
    for (const hierarchy of wanted) {
      const folder = `${folderOf('self', hierarchy)}/${safe}`;
      // Outside our own cgroup namespace or tree: the hierarchy's top will do.
      const place = existsSync(folder.slice(0, folder.lastIndexOf('/'))) ? folder : `${hierarchy.mount}/${safe}`;
      mkdirSync(place);
      folders.set(hierarchy, place);
    }
  } catch (error) {
    for (const folder of folders.values()) rmdirSync(folder);
    const { code } = error as NodeJS.ErrnoException;
    throw new BpfError(
      `cannot make a cgroup for ${JSON.stringify(name)}`,
      code === 'EACCES' || code === 'EPERM' || code === 'EROFS' ? 1 : 0,
    );
  }
  const v1 = (controller: string): string | null =>
    [...folders].find(([{ controllers }]) => controllers.includes(controller))?.[1] ?? null;
  const folder = [...folders].find(([{ version }]) => version === 2)?.[1] ?? '';
  return {
    folder,
    id: statSync(folder, { bigint: true }).ino,
    // v2 last: from there on the process is watched, and it is in all the others already.
    procs: [...folders.values()]
      .toSorted((a, b) => Number(a === folder) - Number(b === folder))
      .map((each) => `${each}/cgroup.procs`),
    usage: { unified: folder, memory: v1('memory'), cpuacct: v1('cpuacct'), cpu: v1('cpu') },
    async remove() {
      for (const each of folders.values()) await removeFolder(each);
    },
  };
}
let made = 0;

/** Ended processes leave a cgroup a moment after they are gone; the kernel answers EBUSY until then. */
async function removeFolder(folder: string): Promise<void> {
  for (let tries = 0; existsSync(folder); tries += 1) {
    try {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        if (entry.isDirectory()) await removeFolder(`${folder}/${entry.name}`);
      }
      rmdirSync(folder);
    } catch (error) {
      if (tries >= 500) throw new Error(`cannot remove the cgroup ${folder}`, { cause: error });
      await sleep(20);
    }
  }
}
