/** Objects to find patterns in: of files, or of a cluster. */
import { itemsOf } from '#kubernetes/lists.ts';
import { misshapen } from '#posture/admission/shape.ts';
import { type Existing, existing } from '#posture/admission/subjects.ts';
import { documents } from '#posture/documents.ts';
import { hasEnded } from '#posture/running.ts';
import type { ClusterFlags } from '../../cluster/flags.ts';
import { listedAll, listedNamespaces, podMakers } from '../../cluster/collections.ts';
import { openCluster } from '../../cluster/open.ts';
import { fileTexts } from '../../file-texts.ts';

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
        for (const each of itemsOf(read.object)) {
          const found = existing(each, flags.namespace ?? 'default');
          const fault =
            found === null ? 'no object of a cluster: apiVersion, kind or name is missing' : misshapen(found);
          if (fault !== null) unread.push(`${file}:${read.part.line}: ${fault}`);
          if (found !== null) objects.push(found);
        }
    }
  const namespace = flags.allNamespaces === true ? null : (flags.namespace ?? null);
  return { objects: namespace === null ? objects : objects.filter((each) => isOf(each, namespace)), unread, namespace };
}

function isOf({ kind, namespace, name }: Existing, wanted: string): boolean {
  return kind === 'Namespace' ? name === wanted : namespace === wanted;
}

const collections = [...podMakers, 'services', 'persistentvolumeclaims', 'ingresses'] as const;

/** What may not be read is a failure: a pattern over a part of the objects is none. Pods that ended are left out. */
async function ofCluster(flags: ObjectFlags): Promise<Objects> {
  const cluster = openCluster(flags, 'manifests with -f FILE');
  try {
    const api = cluster.api();
    const namespace = flags.allNamespaces === true ? null : api.namespace;
    const all = [...(await listedAll(api, namespace, collections)), ...(await listedNamespaces(api, namespace))];
    const objects = all.flatMap((object) => (hasEnded(object) ? [] : (existing(object, 'default') ?? [])));
    return { objects, unread: [], namespace };
  } finally {
    cluster.close();
  }
}
