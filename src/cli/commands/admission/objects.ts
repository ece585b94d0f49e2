/** Objects to find patterns in: of files, or of a cluster. */
import { json } from '#kubernetes/json.ts';
import { podState } from '#kubernetes/pod-state.ts';
import { type Existing, existing } from '#posture/admission/subjects.ts';
import { documents } from '#posture/documents.ts';
import type { ClusterFlags } from '../../cluster/flags.ts';
import { openCluster } from '../../cluster/open.ts';
import { fileTexts } from '../pss/manifests.ts';

export interface Objects {
  readonly objects: readonly Existing[];
  /** `file:line: what is wrong`. */
  readonly unread: readonly string[];
  /** The one namespace that was read; null for all. */
  readonly namespace: string | null;
}

export interface ObjectFlags extends ClusterFlags {
  readonly filename?: readonly string[];
  readonly allNamespaces?: boolean;
}

export async function objectsOf(flags: ObjectFlags): Promise<Objects> {
  const files = flags.filename ?? [];
  return files.length > 0 ? ofFiles(files, flags) : ofCluster(flags);
}

async function ofFiles(files: readonly string[], flags: ObjectFlags): Promise<Objects> {
  const objects: Existing[] = [];
  const unread: string[] = [];
  for (const { file, text } of await fileTexts(files))
    for (const read of documents(text)) {
      if (read.type === 'broken') unread.push(`${file}:${read.line}: ${read.what}`);
      else
        for (const each of items(read.object)) {
          const found = existing(each, flags.namespace ?? 'default');
          if (found === null)
            unread.push(`${file}:${read.part.line}: no object of a cluster: apiVersion, kind or name is missing`);
          else objects.push(found);
        }
    }
  const namespace = flags.allNamespaces === true ? null : (flags.namespace ?? null);
  return { objects: namespace === null ? objects : objects.filter((each) => isOf(each, namespace)), unread, namespace };
}

function isOf({ kind, namespace, name }: Existing, wanted: string): boolean {
  return kind === 'Namespace' ? name === wanted : namespace === wanted;
}

/** An API server leaves kind and version out of the items of a list of one kind. */
function items(object: unknown): unknown[] {
  const { kind, apiVersion, items: all } = json(object);
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(all)) return [object];
  return kind === 'List' ? all : all.map((each) => ({ apiVersion, kind: kind.slice(0, -4), ...json(each) }));
}

const collections: readonly (readonly [root: string, resource: string, apiVersion: string, kind: string])[] = [
  ['/apis/apps/v1', 'deployments', 'apps/v1', 'Deployment'],
  ['/apis/apps/v1', 'statefulsets', 'apps/v1', 'StatefulSet'],
  ['/apis/apps/v1', 'daemonsets', 'apps/v1', 'DaemonSet'],
  ['/apis/apps/v1', 'replicasets', 'apps/v1', 'ReplicaSet'],
  ['/apis/batch/v1', 'cronjobs', 'batch/v1', 'CronJob'],
  ['/apis/batch/v1', 'jobs', 'batch/v1', 'Job'],
  ['/api/v1', 'replicationcontrollers', 'v1', 'ReplicationController'],
  ['/api/v1', 'pods', 'v1', 'Pod'],
  ['/api/v1', 'services', 'v1', 'Service'],
  ['/api/v1', 'persistentvolumeclaims', 'v1', 'PersistentVolumeClaim'],
  ['/apis/networking.k8s.io/v1', 'ingresses', 'networking.k8s.io/v1', 'Ingress'],
];

/** What may not be read is a failure: a pattern over a part of the objects is none. Pods that ended are left out. */
async function ofCluster(flags: ObjectFlags): Promise<Objects> {
  const cluster = openCluster(flags);
  try {
    const api = cluster.api();
    const namespace = flags.allNamespaces === true ? null : api.namespace;
    const scope = namespace === null ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
    const objects: Existing[] = [];
    const add = (object: unknown): void => {
      const found = existing(object, 'default');
      if (found !== null) objects.push(found);
    };
    for (const [root, resource, apiVersion, kind] of collections)
      for (const object of await api.list(`${root}${scope}/${resource}`))
        if (kind !== 'Pod' || podState(object)?.finished !== true) add({ ...json(object), apiVersion, kind });
    const namespaces = namespace === null ? await api.list('/api/v1/namespaces') : [await api.get(`/api/v1${scope}`)];
    for (const object of namespaces) add({ ...json(object), apiVersion: 'v1', kind: 'Namespace' });
    return { objects, unread: [], namespace };
  } finally {
    cluster.close();
  }
}
