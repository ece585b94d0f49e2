/** A pod before and after → the smallest patch of the object that it belongs to. */
import type { PodSource } from '../../workloads.ts';

type Map = Readonly<Record<string, unknown>>;
const isMap = (value: unknown): value is Map => typeof value === 'object' && value !== null && !Array.isArray(value);
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

export interface Operation {
  readonly op: 'add' | 'remove' | 'replace';
  readonly path: string;
  readonly value?: unknown;
}

/** RFC 6902, from the object's root. Parents that are missing come with what is put into them. */
export function jsonPatch(source: PodSource, before: unknown, after: unknown): Operation[] {
  return operations(before, after, source.path.map(pointer).join(''));
}

function pointer(key: string | number): string {
  return `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function operations(before: unknown, after: unknown, path: string): Operation[] {
  if (before === after) return [];
  if (isMap(before) && isMap(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key): Operation[] => {
      const at = `${path}${pointer(key)}`;
      if (!(key in after)) return [{ op: 'remove', path: at }];
      if (!(key in before)) return [{ op: 'add', path: at, value: after[key] }];
      return operations(before[key], after[key], at);
    });
  }
  if (isList(before) && isList(after) && before.length === after.length)
    return before.flatMap((each, index) => operations(each, after[index], `${path}/${index}`));
  return [{ op: 'replace', path, value: after }];
}

/** Lists that an API server merges by a key of their items; others are replaced as a whole. */
const mergeKeys: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  ephemeralContainers: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
  ports: 'containerPort',
};

/** A strategic merge patch, named as the object is: for `kubectl patch --patch-file`, and for kustomize. */
export function strategicPatch(source: PodSource, before: unknown, after: unknown): Map {
  const inner = merge(before, after) ?? {};
  const body = source.path
    .filter((key, at) => !(key === 'items' || (typeof key === 'number' && source.path[at - 1] === 'items')))
    .reduceRight<unknown>((value, key) => ({ [key]: value }), inner) as Map;
  const { apiVersion, kind, name, namespace } = source;
  const given = isMap(body['metadata']) ? body['metadata'] : {};
  const metadata = { name, ...(namespace === null ? {} : { namespace }), ...given };
  return { apiVersion, kind, ...body, metadata };
}

/** Undefined where nothing changed. */
function merge(before: unknown, after: unknown, field = ''): unknown {
  if (before === after) return undefined;
  if (isMap(before) && isMap(after)) return mergedMap(before, after);
  const key = mergeKeys[field];
  if (isList(after) && key !== undefined && after.every(isMap) && (!isList(before) || before.every(isMap)))
    return mergedList((before ?? []) as readonly Map[], after, key);
  return after;
}

function mergedMap(before: Map, after: Map): Map | undefined {
  const changes = [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) => {
    if (!(key in after)) return [[key, null] as const];
    const change = key in before ? merge(before[key], after[key], key) : after[key];
    return change === undefined ? [] : [[key, change] as const];
  });
  return changes.length === 0 ? undefined : Object.fromEntries(changes);
}

function mergedList(before: readonly Map[], after: readonly Map[], key: string): readonly Map[] | undefined {
  const kept = after.flatMap((item): Map[] => {
    const known = before.find((each) => each[key] === item[key]);
    const change = known === undefined ? item : mergedMap(known, item);
    return change === undefined ? [] : [{ [key]: item[key], ...change }];
  });
  const gone = before.filter((each) => !after.some((item) => item[key] === each[key]));
  const all = [...kept, ...gone.map((each) => ({ $patch: 'delete', [key]: each[key] }))];
  return all.length === 0 ? undefined : all;
}
