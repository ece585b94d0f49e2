/**
 * The objects of a cluster, one counter of versions over all of them as etcd has it, and the events that
 * watches read.
 */
import { randomUUID } from 'node:crypto';
import { groupVersionOf, qualifiedName, type Resource } from './resources.ts';
import { Refused } from './status.ts';

export interface Meta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export interface StoredObject {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: Meta;
  readonly [field: string]: unknown;
}

export interface Change {
  readonly version: number;
  readonly resource: Resource;
  readonly before: StoredObject | null;
  readonly after: StoredObject | null;
}

export class Store {
  readonly #resources: readonly Resource[];
  readonly #objects = new Map<string, StoredObject>();
  readonly #listeners = new Set<(change: Change) => void>();
  #changes: Change[] = [];
  #version: number;
  #oldest: number;

  constructor(resources: readonly Resource[], objects: readonly object[], version = 1) {
    this.#resources = resources;
    this.#version = version;
    for (const object of objects) this.put(object);
    this.#oldest = this.#version;
    this.#changes = [];
  }

  get version(): number {
    return this.#version;
  }

  /** Watches from before this version are refused. */
  get oldest(): number {
    return this.#oldest;
  }

  /** As etcd does every five minutes: what happened before now can be watched no more. */
  compact(): void {
    this.#oldest = this.#version;
    this.#changes = [];
  }

  /** Adds the object, or takes the place of the one of that name. A new uid makes it another object. */
  put(given: object): StoredObject {
    const { kind, apiVersion, metadata, ...rest } = given as StoredObject;
    const resource = this.resourceFor(apiVersion, kind);
    const key = keyOf(resource, metadata.namespace ?? null, metadata.name);
    const before = this.#objects.get(key) ?? null;
    this.#version += 1;
    const after: StoredObject = {
      kind,
      apiVersion,
      metadata: {
        creationTimestamp: new Date().toISOString().replace(/\.\d+/, ''),
        ...metadata,
        uid: metadata.uid ?? before?.metadata.uid ?? randomUUID(),
        resourceVersion: String(this.#version),
      },
      ...rest,
    };
    this.#objects.set(key, after);
    this.#tell({ version: this.#version, resource, before, after });
    return after;
  }

  delete(resource: Resource, namespace: string | null, name: string): StoredObject {
    const before = this.read(resource, namespace, name);
    this.#objects.delete(keyOf(resource, namespace, name));
    this.#version += 1;
    // A DELETED event carries the last state with the version of the deletion.
    const last = { ...before, metadata: { ...before.metadata, resourceVersion: String(this.#version) } };
    this.#tell({ version: this.#version, resource, before: last, after: null });
    return last;
  }

  /** By the words of a manifest, for tests: `remove('v1', 'Pod', 'shop', 'cart-1')`. */
  remove(apiVersion: string, kind: string, namespace: string | null, name: string): StoredObject {
    return this.delete(this.resourceFor(apiVersion, kind), namespace, name);
  }

  read(resource: Resource, namespace: string | null, name: string): StoredObject {
    const found = this.#objects.get(keyOf(resource, namespace, name));
    if (found !== undefined) return found;
    const { group, plural } = resource;
    throw new Refused(404, `${qualifiedName(resource)} "${name}" not found`, { name, group, kind: plural });
  }

  has(resource: Resource, namespace: string | null, name: string): boolean {
    return this.#objects.has(keyOf(resource, namespace, name));
  }

  /** In etcd's order, by namespace and name. */
  list(resource: Resource, namespace: string | null): StoredObject[] {
    const prefix = `${qualifiedName(resource)}/${namespace === null ? '' : `${namespace}/`}`;
    return [...this.#objects]
      .filter(([key]) => key.startsWith(prefix))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => object);
  }

  /** Calls with every change after `version`, from now on as they come; the returned function ends it. */
  follow(version: number, listener: (change: Change) => void): () => void {
    for (const change of this.#changes) if (change.version > version) listener(change);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  resourceFor(apiVersion: string, kind: string): Resource {
    const found = this.#resources.find((each) => groupVersionOf(each) === apiVersion && each.kind === kind);
    if (found === undefined) throw new Error(`the API double serves no ${apiVersion} ${kind}; name it in resources`);
    return found;
  }

  #tell(change: Change): void {
    this.#changes.push(change);
    for (const listener of this.#listeners) listener(change);
  }
}

function keyOf(resource: Resource, namespace: string | null, name: string): string {
  return `${qualifiedName(resource)}/${namespace ?? ''}/${name}`;
}
