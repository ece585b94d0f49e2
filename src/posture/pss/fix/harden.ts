/** What no level asks for and what was observed allows: a root file system that cannot be written, and few capabilities. */
import type { Behaviour, Observed } from '../behaviour.ts';
import type { Placed, PodView } from '../pod.ts';
import { below, type Change, type Effect, type Remedy } from './remedy.ts';

/** Of containers that were watched; what nobody watched stays as it is. */
export function hardened(pod: PodView, observed: Observed): Remedy[] {
  return pod.containers.flatMap((placed) => {
    const behaviour = observed.get(placed.name);
    if (behaviour === undefined || placed.field === 'ephemeralContainers') return [];
    return [...readOnlyRoot(pod, placed, behaviour), ...fewCapabilities(placed, behaviour)];
  });
}

function fewCapabilities(placed: Placed, { capabilities }: Behaviour): Remedy[] {
  if (!capabilities.all || placed.security.privileged === true) return [];
  if ((placed.security.capabilities?.drop ?? []).includes('ALL')) return [];
  const used = capabilities.seen.map((name) => name.replace(/^CAP_/, ''));
  const path = below(placed, 'securityContext', 'capabilities');
  const kept = used.length === 0 ? [] : [{ path: [...path, 'add'], value: used }];
  return [
    {
      check: 'capabilities',
      container: placed.name,
      what: `drop ALL capabilities${used.length === 0 ? '' : `, add ${used.join(', ')}`}`,
      changes: [{ path: [...path, 'drop'], value: ['ALL'] }, ...kept],
      effect: { type: 'safe', why: used.length === 0 ? 'used no capability' : 'used these alone' },
    },
  ];
}

function readOnlyRoot(pod: PodView, placed: Placed, { files }: Behaviour): Remedy[] {
  if (placed.security.readOnlyRootFilesystem === true) return [];
  const mounts = (placed.container.volumeMounts ?? []).map(({ mountPath }) => mountPath.replace(/\/+$/, ''));
  const onRoot = (path: string): boolean =>
    ![...mounts, '/dev', '/proc', '/sys'].some((mount) => path === mount || path.startsWith(`${mount}/`));
  const written = files.seen.filter(({ path, written: was }) => was && onRoot(path)).map(({ path }) => path);
  const folders = topmost(written.map((path) => path.slice(0, path.lastIndexOf('/')) || '/'));
  const own = new Set(written);
  // An empty folder would hide what the image has there.
  const hidden = files.seen.find(
    ({ path, written: was }) =>
      !was &&
      !own.has(path) &&
      folders.some((folder) => path.startsWith(`${folder}/`)) &&
      !written.some((each) => each.startsWith(`${path}/`)),
  );
  const effect: Effect = folders.includes('/')
    ? { type: 'breaks', why: 'wrote to / itself' }
    : hidden !== undefined
      ? { type: 'breaks', why: `wrote beside ${hidden.path}, which the image holds` }
      : files.all
        ? { type: 'safe', why: folders.length === 0 ? 'wrote nothing there' : 'wrote nowhere else' }
        : { type: 'unknown', why: 'not all of its files were watched' };
  const what = `set readOnlyRootFilesystem: true${folders.length === 0 ? '' : `, with an emptyDir at ${folders.join(', ')}`}`;
  const remedy = { check: 'readOnlyRootFilesystem', container: placed.name, what, effect };
  if (effect.type !== 'safe') return [{ ...remedy, changes: [] }];
  return [{ ...remedy, changes: rootChanges(pod, placed, folders) }];
}

function rootChanges({ volumes }: PodView, placed: Placed, folders: readonly string[]): Change[] {
  const taken = new Set(volumes.map(({ name }) => name ?? ''));
  const added = folders.map((path) => ({ name: volumeName(placed.name, path, taken), path }));
  const readOnly: Change = { path: below(placed, 'securityContext', 'readOnlyRootFilesystem'), value: true };
  if (added.length === 0) return [readOnly];
  const mountsNow = placed.container.volumeMounts?.length ?? 0;
  return [
    readOnly,
    ...added.flatMap(({ name, path }, at): Change[] => [
      { path: ['spec', 'volumes', volumes.length + at], value: { name, emptyDir: {} } },
      { path: below(placed, 'volumeMounts', mountsNow + at), value: { name, mountPath: path } },
    ]),
  ];
}

/** A DNS label that no volume has yet: `app-var-cache-nginx`. */
function volumeName(container: string, path: string, taken: Set<string>): string {
  const stem = `${container}${path}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 58)
    .replaceAll(/^-+|-+$/g, '');
  let name = stem;
  for (let number = 2; taken.has(name); number += 1) name = `${stem}-${number}`;
  taken.add(name);
  return name;
}

/** Without those that lie within another. */
function topmost(folders: readonly string[]): string[] {
  const all = [...new Set(folders)].toSorted();
  return all.filter((folder) => !all.some((other) => other !== folder && folder.startsWith(`${other}/`)));
}
