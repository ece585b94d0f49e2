/** The objects that advice has to do with, of files or of the cluster. Advice goes without them, and says what it then does not know. */
import { text } from '#kubernetes/json.ts';
import { documents } from '#posture/documents.ts';
import { objectsOf } from '#posture/resources/objects.ts';
import type { Api } from '../cluster/api.ts';
import { listed } from '../cluster/collections.ts';
import { Failure } from '../failure.ts';
import { tell } from '../story.ts';
import { complain } from './resources-lines.ts';
import { fileTexts } from '../file-texts.ts';

/** Of a namespace: as they are asked for, and in a cluster's collections of all. */
export interface Wanted {
  readonly namespace: string;
  readonly kind: string | null;
  readonly name: string;
}

const collections = ['deployments', 'statefulsets', 'daemonsets', 'cronjobs'] as const;
const besides = ['horizontalpodautoscalers', 'limitranges'] as const;

/** A document that cannot be read is told with its line; the others count. */
export async function objectsInFiles(files: readonly string[]): Promise<unknown[]> {
  return (await fileTexts(files)).flatMap(({ file, text }) =>
    documents(text).flatMap((read) => {
      if (read.type === 'object') return [read.object];
      complain(`${file}:${read.line}`, read.what);
      return [];
    }),
  );
}

/** Of one namespace, or of all for null. A collection that may not be read is told, and its objects are not known. */
export async function objectsInCluster(api: Api, namespace: string | null): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const each of [...collections, ...besides])
    try {
      found.push(...(await listed(api, namespace, each)));
    } catch (error) {
      if (!(error instanceof Failure) || error.exitCode === 3) throw error;
      tell(`${each} are not taken into account: ${error.message}`);
    }
  return found;
}

/** Every workload among the objects; of one namespace, or of all for null. */
export function wantedIn(objects: readonly unknown[], namespace: string | null): Wanted[] {
  return objectsOf(objects).workloads.flatMap(({ source }) => {
    const own = source.namespace ?? namespace;
    if (own === null)
      throw new Failure(`${source.kind} ${JSON.stringify(source.name)} names no namespace; say it with -n`);
    if (namespace !== null && own !== namespace) return [];
    return [{ namespace: checkedName(own), kind: source.kind, name: checkedName(source.name) }];
  });
}

/** Names are put into queries: those that no API server takes are refused here. */
export function checkedName(name: string): string {
  if (text(name) !== null && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name)) return name;
  throw new Failure(`${JSON.stringify(name)} is no name of an object`);
}
