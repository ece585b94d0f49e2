/** What postures are judged by, of files or of the cluster. What could not be read says why, and the rest is known. */
import { itemsOf } from '#kubernetes/lists.ts';
import { documents } from '#posture/documents.ts';
import type { Evidence, Known } from '#posture/posture.ts';
import { newestMinor } from '#posture/pss/level.ts';
import { listedAll, listedNamespaces, podMakers } from './cluster/collections.ts';
import type { ClusterFlags } from './cluster/flags.ts';
import type { OpenCluster } from './cluster/open.ts';
import { serverVersion } from './cluster/server-version.ts';
import { usesIn, usesToldTo } from './used-rights.ts';
import { fileTexts } from './file-texts.ts';
import { Failure } from './failure.ts';

export interface PostureFlags extends ClusterFlags {
  readonly filename?: readonly string[];
  readonly auditLog?: readonly string[];
  readonly since?: string;
  /** A file with the cluster's objects. */
  readonly cluster?: string;
}

export type PostureFound = Pick<Evidence, 'objects' | 'uses' | 'version' | 'namespace'>;

const collections = [
  ...podMakers,
  'services',
  'persistentvolumeclaims',
  'ingresses',
  'horizontalpodautoscalers',
] as const;

export async function postureOfCluster(cluster: OpenCluster, flags: PostureFlags): Promise<PostureFound> {
  const api = cluster.api();
  const namespace = flags.allNamespaces === true ? null : api.namespace;
  const { filename = [], auditLog = [], since } = flags;
  const objects = async (): Promise<readonly unknown[]> => [
    ...(await listedAll(api, namespace, collections)),
    ...(await listedNamespaces(api, namespace)),
  ];
  const uses = async (): Promise<Evidence['uses']> => {
    const told = await usesToldTo(await cluster.broker(), namespace, since);
    if (told.length > 0) return { type: 'known', value: told };
    return unknown(
      "the broker was told of no request (docs/audit-webhook.md, or --audit-log FILE for the API server's own log)",
    );
  };
  return {
    namespace,
    objects: filename.length > 0 ? await objectsIn(filename) : await known(objects),
    uses: auditLog.length > 0 ? { type: 'known', value: await usesIn(auditLog) } : await orWhyNot(uses),
    version: await serverVersion(api),
  };
}

export async function postureOfFiles({ filename, cluster, auditLog, namespace }: PostureFlags): Promise<PostureFound> {
  const files = filename ?? (cluster === undefined ? [] : [cluster]);
  return {
    namespace: namespace ?? null,
    objects:
      files.length === 0 ? unknown('the objects of the cluster are not known (-f FILE)') : await objectsIn(files),
    uses:
      auditLog === undefined
        ? unknown("no log of the API server's audit is known (--audit-log FILE)")
        : { type: 'known', value: await usesIn(auditLog) },
    version: newestMinor,
  };
}

/** A pattern over objects of which some cannot be read is none. */
async function objectsIn(files: readonly string[]): Promise<Evidence['objects']> {
  const objects: unknown[] = [];
  for (const { file, text } of await fileTexts(files))
    for (const read of documents(text)) {
      if (read.type === 'broken') return unknown(`${file}:${read.line}: ${read.what}`);
      objects.push(...itemsOf(read.object).filter(isObject));
    }
  if (objects.length > 0) return { type: 'known', value: objects };
  return unknown(
    `${files.join(', ')} ${files.length === 1 ? 'holds' : 'hold'} no objects as the API server has them (-f FILE)`,
  );
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'apiVersion' in value && 'kind' in value;
}

const unknown = (reason: string): { readonly type: 'unknown'; readonly reason: string } => ({
  type: 'unknown',
  reason,
});

const known = <T>(ask: () => Promise<T>): Promise<Known<T>> =>
  orWhyNot(async () => ({ type: 'known', value: await ask() }));

async function orWhyNot<T>(ask: () => Promise<Known<T>>): Promise<Known<T>> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Failure) return unknown(error.message);
    throw error;
  }
}
