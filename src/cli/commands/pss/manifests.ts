/** Pods and templates of files, or of a cluster. What cannot be read or is not known is named, and the rest is done. */
import { documents, type Part } from '#posture/documents.ts';
import type { Unread } from '#posture/pss/report/finding.ts';
import { type Running, runningOf } from '#posture/running.ts';
import { contents } from '#posture/workloads.ts';
import type { Api } from '../../cluster/api.ts';
import { listedAll, listedNamespaces, podMakers } from '../../cluster/collections.ts';
import type { FileText } from '../../file-texts.ts';

export interface Found extends Running {
  readonly file: string | null;
  readonly line: number | null;
  /** The document that it stands in; absent for a cluster's. */
  readonly part?: Part;
}

export interface NamespaceFound {
  readonly name: string;
  readonly labels: Readonly<Record<string, unknown>>;
}

export interface Manifests {
  readonly pods: readonly Found[];
  readonly namespaces: readonly NamespaceFound[];
  readonly unread: readonly Unread[];
  /** Kinds that nobody knows, with how many there are. */
  readonly unknownKinds: ReadonlyMap<string, number>;
}

export function manifestsIn(texts: readonly FileText[]): Manifests {
  const pods: Found[] = [];
  const namespaces: NamespaceFound[] = [];
  const unread: Unread[] = [];
  const unknownKinds = new Map<string, number>();
  for (const { file, text } of texts)
    for (const read of documents(text)) {
      if (read.type === 'broken') {
        unread.push({ file, line: read.line, what: read.what });
        continue;
      }
      const { part } = read;
      for (const each of contents(read.object)) {
        if (each.type === 'pods') pods.push(...each.pods.map((source) => ({ file, line: part.line, part, source })));
        else if (each.type === 'namespace') namespaces.push(each);
        else if (each.type === 'no object') unread.push({ file, line: part.line, what: each.what });
        else if (each.type === 'unknown') unknownKinds.set(each.what, (unknownKinds.get(each.what) ?? 0) + 1);
      }
    }
  return { pods, namespaces, unread, unknownKinds };
}

/** Of one namespace, or of all for null; running pods besides, under the name of their workload. */
export async function manifestsOf(api: Api, namespace: string | null): Promise<Manifests> {
  const pods = runningOf(await listedAll(api, namespace, podMakers)).map((each) => ({
    file: null,
    line: null,
    ...each,
  }));
  return { pods, namespaces: [], unread: [], unknownKinds: new Map() };
}

/** The namespace, or all of them for null, with their labels. */
export async function namespacesOf(api: Api, namespace: string | null): Promise<NamespaceFound[]> {
  return (await listedNamespaces(api, namespace)).flatMap((object) =>
    contents(object).filter((each) => each.type === 'namespace'),
  );
}
