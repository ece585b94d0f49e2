/** A cluster in a text: the small form, or API objects as `kubectl get -o json` or `-o yaml` prints them. */
import { parseAllDocuments } from 'yaml';
import type { Cluster } from './cluster.ts';
import { clusterForm } from './cluster-form.ts';
import { clusterOfObjects } from './cluster-objects.ts';

export class UnreadableCluster extends Error {}

/** Throws `UnreadableCluster`. */
export function readClusterText(text: string): Cluster {
  const documents = documentsOf(text);
  const [first] = documents;
  if (documents.length === 1 && typeof first === 'object' && first !== null && 'namespaces' in first) {
    const parsed = clusterForm.safeParse(first);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new UnreadableCluster(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
  }
  const given = documents.filter((each) => each !== null && each !== undefined);
  // What is no cluster at all is not a cluster in which nothing runs.
  if (given.length === 0 || !given.every(isObject))
    throw new UnreadableCluster(
      'it holds no objects as `kubectl get -o json` prints them, and not {namespaces, nodes, workloads, pods, services}',
    );
  return clusterOfObjects(given);
}

function isObject(document: unknown): boolean {
  return typeof document === 'object' && document !== null && 'kind' in document && typeof document.kind === 'string';
}

function documentsOf(text: string): unknown[] {
  // Large clusters come as JSON, which is read many times faster as what it is.
  if (/^\s*[{[]/.test(text)) {
    try {
      return [JSON.parse(text)];
    } catch {
      // Several documents, perhaps, or YAML's own braces.
    }
  }
  return [...parseAllDocuments(text)].map((document) => {
    const [fault] = 'errors' in document ? document.errors : [];
    if (fault !== undefined) throw new UnreadableCluster(`neither JSON nor YAML: ${fault.message.split('\n')[0]}`);
    return document.toJS() as unknown;
  });
}
