/** The objects of a kind that an API server keeps, and how they would be if others were applied. */
import type { PolicyKind } from './kind.ts';

/** All objects of a kind in all namespaces; null where the API server does not serve it. */
export type List = (apiVersion: string, kind: string) => Promise<readonly unknown[] | null>;

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/** What is in force, without what API servers and controllers added. */
export async function deployedObjects({ deployed }: PolicyKind, list: List): Promise<Manifest[]> {
  const found = new Map<string, readonly unknown[] | null>();
  for (const { apiVersion, kind } of deployed) found.set(`${apiVersion} ${kind}`, await list(apiVersion, kind));
  return deployed.flatMap(({ apiVersion, kind, readAs }) => {
    const items = found.get(`${apiVersion} ${kind}`) ?? [];
    // Two doors to the same objects: once is enough.
    if (readAs !== undefined && found.get(`${readAs} ${kind}`) != null) return [];
    return items.map((item) => written(item, readAs ?? apiVersion, kind));
  });
}

const kept = new Set(['name', 'namespace', 'labels', 'annotations']);

function written(item: unknown, apiVersion: string, kind: string): Manifest {
  const { metadata, status: _, ...said } = item as Manifest & { status?: unknown };
  const own = Object.fromEntries(Object.entries(metadata).filter(([field]) => kept.has(field)));
  return { ...said, apiVersion, kind, metadata: { ...own, name: metadata.name } };
}

/** Candidates take the place of objects of their name, kind and namespace. */
export function applied(deployed: readonly Manifest[], candidates: readonly Manifest[]): Manifest[] {
  const names = new Set(candidates.map(nameOf));
  return [...deployed.filter((each) => !names.has(nameOf(each))), ...candidates];
}

function nameOf({ apiVersion, kind, metadata: { name, namespace } }: Manifest): string {
  return JSON.stringify([apiVersion, kind, namespace ?? null, name]);
}

/** As one text that evaluators read. */
export function listText(items: readonly Manifest[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

export function isManifest(value: unknown): value is Manifest {
  const { apiVersion, kind, metadata } = (value ?? {}) as Partial<Manifest>;
  return typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata?.name === 'string';
}
