/** Reading, creating, replacing, patching and deleting one object. */
import type { Target } from './resources.ts';
import { qualifiedName } from './resources.ts';
import { Refused } from './status.ts';
import type { Meta, Store, StoredObject } from './store.ts';

/** What is sent back, with its code. */
export interface Answer {
  readonly code: number;
  readonly body: object;
}

export function objectRequest(method: string, target: Target, body: unknown, store: Store): Answer {
  const { resource, namespace, name } = target;
  if (method === 'POST') return { code: 201, body: create(target, body, store) };
  if (name === null) throw new Refused(405, 'the server does not allow this method on the requested resource');
  if (method === 'GET') return { code: 200, body: store.read(resource, namespace, name) };
  if (method === 'DELETE') return { code: 200, body: store.delete(resource, namespace, name) };
  const before = store.read(resource, namespace, name);
  const given = body as Partial<StoredObject>;
  if (method === 'PUT') {
    unchanged(target, given.metadata, before);
    return { code: 200, body: store.put({ ...named(target, given), metadata: given.metadata ?? before.metadata }) };
  }
  if (method === 'PATCH') {
    unchanged(target, given.metadata, before);
    return { code: 200, body: store.put(merged(before, given) as object) };
  }
  throw new Refused(405, 'the server does not allow this method on the requested resource');
}

function create(target: Target, body: unknown, store: Store): StoredObject {
  const { resource, namespace } = target;
  const { metadata, ...rest } = body as StoredObject;
  const name = metadata.name ?? `${String(metadata['generateName'])}${Math.random().toString(36).slice(2, 7)}`;
  if (store.has(resource, namespace, name)) {
    const details = { name, group: resource.group, kind: resource.plural };
    throw new Refused(409, `${qualifiedName(resource)} "${name}" already exists`, details, 'AlreadyExists');
  }
  const own: Meta = namespace === null ? { ...metadata, name } : { ...metadata, name, namespace };
  return store.put({ ...named(target, rest), metadata: own });
}

function named({ resource: { group, version, kind } }: Target, rest: object): object {
  return { ...rest, kind, apiVersion: group === '' ? version : `${group}/${version}` };
}

/** Whoever names the version he has read must have read the last one. */
function unchanged({ resource, name }: Target, given: Meta | undefined, before: StoredObject): void {
  const version = given?.resourceVersion;
  if (version === undefined || version === before.metadata.resourceVersion) return;
  throw new Refused(
    409,
    `Operation cannot be fulfilled on ${qualifiedName(resource)} "${name}": the object has been modified; please apply your changes to the latest version and try again`,
    { name, group: resource.group, kind: resource.plural },
  );
}

/** RFC 7396. */
function merged(before: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const out: Record<string, unknown> =
    typeof before === 'object' && before !== null && !Array.isArray(before) ? { ...before } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete out[field];
    else out[field] = merged(out[field], value);
  }
  return out;
}
