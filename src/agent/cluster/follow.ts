/**
 * Follows a collection: lists it in pages, then watches it from there, for ever. Whatever goes wrong (410 Gone,
 * 429, a broken connection, a server that restarts) is waited out; what was missed is made up by comparing lists.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type ApiServer } from './api-server.ts';

export interface Collection<Item> {
  /** `/api/v1/pods`, with a selector where not all is wanted: `/api/v1/pods?fieldSelector=…`. */
  readonly path: string;
  /** `metadata`: without spec and status, which is much less to read. */
  readonly part: 'whole' | 'metadata';
  /** What is kept of an object; null for what is of no interest. */
  readonly read: (object: unknown) => Item | null;
  readonly uidOf: (item: Item) => string;
}

export interface Follower<Item> {
  put(item: Item): void;
  remove(uid: string): void;
}

/** How a collection is followed at this moment, for metrics and patience. */
export interface Following {
  /** Whether the whole collection was seen once. */
  readonly listed: boolean;
  /** Null while all is well. */
  readonly trouble: string | null;
  readonly restarts: number;
}

const pageSize = 500;
const firstWaitMs = 250;
const longestWaitMs = 30_000;
/** The server ends a watch itself; at another time for each of us. */
const watchSeconds = (): number => 300 + Math.floor(Math.random() * 300);
const metadataOf = (kind: string): string => `application/json;as=${kind};g=meta.k8s.io;v=v1,application/json`;

export function follow<Item>(
  api: ApiServer,
  collection: Collection<Item>,
  follower: Follower<Item>,
  signal: AbortSignal,
): Following {
  const state = { listed: false, trouble: null as string | null, restarts: 0 };
  void run(api, collection, follower, signal, state);
  return state;
}

async function run<Item>(
  api: ApiServer,
  collection: Collection<Item>,
  follower: Follower<Item>,
  signal: AbortSignal,
  state: { listed: boolean; trouble: string | null; restarts: number },
): Promise<void> {
  const known = new Set<string>();
  /** Null: the list is to be read again. */
  let version: string | null = null;
  let waitMs = firstWaitMs;
  while (!signal.aborted) {
    try {
      version ??= await listAll(api, collection, follower, known);
      state.listed = true;
      state.trouble = null;
      for await (const event of watchFrom(api, collection, version, signal)) {
        waitMs = firstWaitMs;
        version = take(event, collection, follower, known) ?? version;
      }
      // It ended as agreed, or at once: a server that has no time for us is not asked without pause.
      await pause(firstWaitMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      const refused = error instanceof ApiError ? error : null;
      if (refused?.status === 410) version = null;
      state.trouble = (error as Error).message;
      state.restarts += 1;
      const asked = refused?.retryAfterMs ?? 0;
      await pause(Math.max(asked, waitMs * (0.5 + Math.random())), signal);
      waitMs = Math.min(waitMs * 2, longestWaitMs);
    }
  }
}

/** Reads the whole collection and tells what is gone; the version that it was read at comes back. */
async function listAll<Item>(
  api: ApiServer,
  { path, part, read, uidOf }: Collection<Item>,
  follower: Follower<Item>,
  known: Set<string>,
): Promise<string> {
  const seen = new Set<string>();
  let version = '';
  let next = '';
  do {
    const query = `limit=${pageSize}${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`;
    const accept = part === 'metadata' ? metadataOf('PartialObjectMetadataList') : undefined;
    const page = (await api.get(withQuery(path, query), accept)) as {
      metadata?: { resourceVersion?: string; continue?: string };
      items?: unknown[];
    };
    for (const object of page.items ?? []) {
      const item = read(object);
      if (item === null) continue;
      seen.add(uidOf(item));
      known.add(uidOf(item));
      follower.put(item);
    }
    version = page.metadata?.resourceVersion ?? '';
    next = page.metadata?.continue ?? '';
  } while (next !== '');
  for (const uid of [...known].filter((each) => !seen.has(each))) {
    known.delete(uid);
    follower.remove(uid);
  }
  return version;
}

function watchFrom<Item>(
  api: ApiServer,
  { path, part }: Collection<Item>,
  version: string,
  signal: AbortSignal,
): AsyncIterable<unknown> {
  const query = `watch=true&allowWatchBookmarks=true&resourceVersion=${version}&timeoutSeconds=${watchSeconds()}`;
  return api.watch(
    withQuery(path, query),
    signal,
    part === 'metadata' ? metadataOf('PartialObjectMetadata') : undefined,
  );
}

/** Tells the follower; gives the version that the event brought. */
function take<Item>(
  event: unknown,
  { read, uidOf }: Collection<Item>,
  follower: Follower<Item>,
  known: Set<string>,
): string | null {
  const { type, object } = event as {
    type?: string;
    object?: { code?: number; message?: string; metadata?: { resourceVersion?: string } };
  };
  if (type === 'ERROR') throw new ApiError(object?.message ?? 'the watch ended', object?.code ?? 0, null);
  const version = object?.metadata?.resourceVersion ?? null;
  const item = type === 'BOOKMARK' ? null : read(object);
  if (item === null) return version;
  const uid = uidOf(item);
  // Its last state is told with the end.
  follower.put(item);
  known.add(uid);
  if (type === 'DELETED') {
    known.delete(uid);
    follower.remove(uid);
  }
  return version;
}

function withQuery(path: string, query: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}${query}`;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
