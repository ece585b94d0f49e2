/** The policies of a kind that are in force in a cluster, as one text. */
import type { PolicyKind } from '#policies/kind.ts';
import { Failure } from '../failure.ts';
import type { Api } from './api.ts';
import { plural } from './discovery.ts';

interface ApiObject {
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly labels?: object;
    readonly generation?: number;
  };
  readonly spec?: unknown;
}

/**
 * A list as an API server writes it. An API that the cluster does not serve holds nothing; one that may not be read is
 * a Failure. `without` leaves out what a candidate would replace.
 */
export async function deployedText(
  api: Api,
  { name, deployed }: PolicyKind,
  without: (object: { apiVersion: string; kind: string; namespace: string | null; name: string }) => boolean = () =>
    false,
): Promise<{ readonly text: string; readonly count: number }> {
  if (deployed.length === 0)
    throw new Failure(
      `what ${name} is in force stands in files on nodes, not in the API server; name one with -f FILE`,
    );
  const items: object[] = [];
  const served = new Map<string, string>();
  for (const { apiVersion, kind } of deployed) {
    const collection = await plural(api, apiVersion, kind);
    if (collection !== null) served.set(`${apiVersion} ${kind}`, collection);
  }
  for (const { apiVersion, kind, readAs } of deployed) {
    const collection = served.get(`${apiVersion} ${kind}`);
    // Two doors to the same objects: once is enough.
    if (collection === undefined || (readAs !== undefined && served.has(`${readAs} ${kind}`))) continue;
    for (const item of await api.list(collection)) {
      const { metadata = {}, ...rest } = item as ApiObject & { status?: unknown };
      const { status: _, ...said } = rest;
      const named = {
        apiVersion: readAs ?? apiVersion,
        kind,
        namespace: metadata.namespace ?? null,
        name: metadata.name ?? '',
      };
      if (without(named)) continue;
      const kept = Object.fromEntries(
        Object.entries(metadata).filter(([field]) => ['name', 'namespace', 'labels', 'annotations'].includes(field)),
      );
      items.push({ ...said, apiVersion: named.apiVersion, kind, metadata: kept });
    }
  }
  return { text: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }), count: items.length };
}
