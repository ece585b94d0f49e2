/** Lists in pages, and watches with bookmarks, of one resource. */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { groupVersionOf, type Resource, type Target } from './resources.ts';
import { selector } from './selectors.ts';
import { expired, Refused } from './status.ts';
import type { Change, Store, StoredObject } from './store.ts';

interface Rest {
  readonly items: readonly StoredObject[];
  readonly version: number;
}

export class Collections {
  readonly #store: Store;
  /** What is left of lists whose first pages were read, by their continue token. */
  readonly #pages = new Map<string, Rest>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** A page of the state at one version: what changes between two pages is not seen in the second. */
  list({ resource, namespace }: Target, query: URLSearchParams): object {
    const token = query.get('continue') ?? '';
    const known = this.#pages.get(token);
    if (token !== '' && (known === undefined || known.version < this.#store.oldest)) {
      throw new Refused(
        410,
        'The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.',
      );
    }
    const { items, version } = known ?? {
      items: this.#store.list(resource, namespace).filter(selector(query)),
      version: this.#store.version,
    };
    const limit = Number(query.get('limit') ?? 0) || items.length;
    const rest = items.slice(limit);
    const next = rest.length === 0 ? null : randomUUID();
    if (next !== null) this.#pages.set(next, { items: rest, version });
    return {
      kind: `${resource.kind}List`,
      apiVersion: groupVersionOf(resource),
      metadata: {
        resourceVersion: String(version),
        ...(next === null ? {} : { continue: next, remainingItemCount: rest.length }),
      },
      // As the real one, items of a list name neither kind nor version.
      items: items.slice(0, limit).map((item) => ({ ...item, kind: undefined, apiVersion: undefined })),
    };
  }

  /** Streams changes until the client goes or `timeoutSeconds` is over. Returns what ends it. */
  watch({ resource, namespace, name }: Target, query: URLSearchParams, response: ServerResponse): () => void {
    const asked = query.get('resourceVersion') ?? '';
    const matches = selector(query);
    const admits = (object: StoredObject | null): object is StoredObject =>
      object !== null &&
      (namespace === null || object.metadata.namespace === namespace) &&
      (name === null || object.metadata.name === name) &&
      matches(object);
    const send = (type: string, object: object): void => void response.write(`${JSON.stringify({ type, object })}\n`);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (asked !== '' && asked !== '0' && Number(asked) < this.#store.oldest) {
      send('ERROR', expired(asked, this.#store.oldest));
      response.end();
      return () => undefined;
    }
    if (asked === '' || asked === '0') {
      for (const object of this.#store.list(resource, namespace)) if (admits(object)) send('ADDED', object);
    }
    const from = asked === '' || asked === '0' ? this.#store.version : Number(asked);
    const leave = this.#store.follow(from, ({ resource: of, before, after }: Change) => {
      if (of.kind !== resource.kind || of.group !== resource.group) return;
      // What begins or ceases to match a selector is added or deleted to its watcher.
      if (admits(after)) send(admits(before) ? 'MODIFIED' : 'ADDED', after);
      else if (admits(before)) send('DELETED', deletedAt(before, after));
    });
    const bookmark = (): void => {
      if (query.get('allowWatchBookmarks') === 'true') send('BOOKMARK', this.#bookmark(resource));
    };
    const timer = setInterval(bookmark, 1000);
    const seconds = Number(query.get('timeoutSeconds') ?? 0);
    const over = seconds > 0 ? setTimeout(() => response.end(), seconds * 1000) : undefined;
    response.once('close', () => {
      clearInterval(timer);
      clearTimeout(over);
      leave();
    });
    return bookmark;
  }

  #bookmark(resource: Resource): object {
    const metadata = { resourceVersion: String(this.#store.version) };
    return { kind: resource.kind, apiVersion: groupVersionOf(resource), metadata };
  }
}

/** One that only left the selector is told as it was, at the version of the change. */
function deletedAt(before: StoredObject, after: StoredObject | null): StoredObject {
  if (after?.metadata.resourceVersion === undefined) return before;
  return { ...before, metadata: { ...before.metadata, resourceVersion: after.metadata.resourceVersion } };
}
