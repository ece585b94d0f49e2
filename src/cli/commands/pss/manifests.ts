/** Pods and templates of files, or of a cluster. What cannot be read or is not known is named, and the rest is done. */
import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { json } from '#kubernetes/json.ts';
import { controllerOf, type Owner, workloadOf } from '#kubernetes/owner.ts';
import { type PodState, podState } from '#kubernetes/pod-state.ts';
import { documents, type Part } from '#posture/documents.ts';
import type { Unread } from '#posture/pss/report/finding.ts';
import { contents, type PodSource } from '#posture/workloads.ts';
import type { Api } from '../../cluster/api.ts';
import { Failure, systemReason } from '../../failure.ts';

export interface Found {
  readonly file: string | null;
  readonly line: number | null;
  /** The document that it stands in; absent for a cluster's. */
  readonly part?: Part;
  readonly source: PodSource;
  /** A running pod under the name of its workload: there is no such object. */
  readonly replica?: true;
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

export interface FileText {
  readonly file: string;
  readonly text: string;
}

export async function fileTexts(files: readonly string[]): Promise<FileText[]> {
  return Promise.all(
    files.map(async (file) => {
      try {
        return { file, text: file === '-' ? await textOf(process.stdin) : await readFile(file, 'utf8') };
      } catch (error) {
        throw new Failure(`cannot read ${JSON.stringify(file)}: ${systemReason(error)}`, 2, error);
      }
    }),
  );
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
        else if (each.type === 'unknown') unknownKinds.set(each.what, (unknownKinds.get(each.what) ?? 0) + 1);
      }
    }
  return { pods, namespaces, unread, unknownKinds };
}

/** Pods last: what stands above them is known by then. */
const collections: readonly (readonly [root: string, resource: string, apiVersion: string, kind: string])[] = [
  ['/api/v1', 'replicationcontrollers', 'v1', 'ReplicationController'],
  ['/apis/apps/v1', 'deployments', 'apps/v1', 'Deployment'],
  ['/apis/apps/v1', 'statefulsets', 'apps/v1', 'StatefulSet'],
  ['/apis/apps/v1', 'daemonsets', 'apps/v1', 'DaemonSet'],
  ['/apis/apps/v1', 'replicasets', 'apps/v1', 'ReplicaSet'],
  ['/apis/batch/v1', 'cronjobs', 'batch/v1', 'CronJob'],
  ['/apis/batch/v1', 'jobs', 'batch/v1', 'Job'],
  ['/api/v1', 'pods', 'v1', 'Pod'],
];

/**
 * Of one namespace, or of all for null. What another object controls comes from that one's template; pods are taken
 * besides, since admission may have changed them: they go by the name of their workload. Those that ended are left out.
 */
export async function manifestsOf(api: Api, namespace: string | null): Promise<Manifests> {
  const scope = namespace === null ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  const pods: Found[] = [];
  const owners = new Map<string, Owner | null>();
  for (const [root, resource, apiVersion, kind] of collections)
    for (const object of await api.list(`${root}${scope}/${resource}`)) {
      const { uid, ownerReferences } = json(json(object)['metadata']);
      const owner = controllerOf(ownerReferences);
      if (typeof uid === 'string') owners.set(uid, owner);
      if (owner !== null && resource !== 'pods') continue;
      const state = resource === 'pods' ? podState(object) : null;
      if (state?.finished === true) continue;
      for (const each of contents({ ...json(object), apiVersion, kind }))
        if (each.type === 'pods')
          for (const source of each.pods) pods.push({ file: null, line: null, ...ofWorkload(source, state, owners) });
    }
  return { pods, namespaces: [], unread: [], unknownKinds: new Map() };
}

/** The namespace, or all of them for null, with their labels. */
export async function namespacesOf(api: Api, namespace: string | null): Promise<NamespaceFound[]> {
  const objects =
    namespace === null
      ? await api.list('/api/v1/namespaces')
      : [await api.get(`/api/v1/namespaces/${encodeURIComponent(namespace)}`)].filter((each) => each !== null);
  return objects.map((object) => {
    const { name, labels } = json(json(object)['metadata']);
    return { name: typeof name === 'string' ? name : '', labels: json(labels) };
  });
}

/** A pod under the kind and name of what it belongs to. */
function ofWorkload(
  source: PodSource,
  state: PodState | null,
  owners: ReadonlyMap<string, Owner | null>,
): Pick<Found, 'source' | 'replica'> {
  if (state === null) return { source };
  const { kind, name } = workloadOf(state, (uid) => owners.get(uid));
  return kind === 'Pod' ? { source } : { source: { ...source, kind, name }, replica: true };
}
