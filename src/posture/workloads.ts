/** Objects of a cluster → the pods that they are, or make. */
import { json, list, text } from '#kubernetes/json.ts';

export interface PodSource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** As the manifest says; null where it leaves that to who applies it. */
  readonly namespace: string | null;
  /** From the object down to the pod or template: `spec`, `template`. */
  readonly path: readonly (string | number)[];
  /** Metadata and spec of the pod. */
  readonly pod: unknown;
}

export type Contents =
  | { readonly type: 'pods'; readonly pods: readonly PodSource[]; readonly guessed: boolean }
  /** A kind that is known to make no pods. */
  | { readonly type: 'none' }
  | { readonly type: 'namespace'; readonly name: string; readonly labels: Readonly<Record<string, unknown>> }
  /** `what` names the kind. */
  | { readonly type: 'unknown'; readonly what: string }
  /** No API server would take it. */
  | { readonly type: 'no object'; readonly what: string };

const template: readonly string[] = ['spec', 'template'];

/** By group and kind: where the pod stands in it. */
const makers: Readonly<Record<string, readonly string[]>> = {
  '/Pod': [],
  '/PodTemplate': ['template'],
  '/ReplicationController': template,
  'apps/Deployment': template,
  'apps/ReplicaSet': template,
  'apps/StatefulSet': template,
  'apps/DaemonSet': template,
  'batch/Job': template,
  'batch/CronJob': ['spec', 'jobTemplate', 'spec', 'template'],
};

/** Groups of Kubernetes itself, whose other kinds make no pods. */
const podless = /^(|apps|batch|autoscaling|policy|extensions|events|[a-z-]+(\.[a-z-]+)*\.k8s\.io)$/;
/** Of the groups above, but of custom resources: nobody knows what they make. */
const custom =
  /\.x-k8s\.io$|^(snapshot\.storage|gateway\.networking|policy\.networking|metrics|custom\.metrics)\.k8s\.io$/;

/** One object, or the items of a list. */
export function contents(object: unknown, path: readonly (string | number)[] = []): Contents[] {
  const { apiVersion, kind, metadata, items } = json(object);
  if (typeof kind !== 'string' || typeof apiVersion !== 'string')
    return [{ type: 'no object', what: 'no object of a cluster: apiVersion or kind is missing' }];
  if (kind.endsWith('List') && Array.isArray(items))
    return list(items).flatMap((item, at) => contents(itemOf(item, kind, apiVersion), [...path, 'items', at]));
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  const { name, generateName, namespace, labels } = json(metadata);
  const named = text(name) ?? (text(generateName) === null ? '' : `${text(generateName)}*`);
  const makes = makers[`${group}/${kind}`];
  const source = (to: readonly string[]): PodSource => ({
    apiVersion,
    kind,
    name: named,
    namespace: text(namespace),
    path: [...path, ...to],
    pod: to.reduce<unknown>((at, key) => json(at)[key], object),
  });
  if (makes !== undefined) return [{ type: 'pods', pods: [source(makes)], guessed: false }];
  if (group === '' && kind === 'Namespace') return [{ type: 'namespace', name: named, labels: json(labels) }];
  if (podless.test(group) && !custom.test(group)) return [{ type: 'none' }];
  // A custom resource that looks like a Deployment: Argo's Rollout, OpenKruise's CloneSet.
  const guess = source(template);
  if (Array.isArray(json(json(guess.pod)['spec'])['containers']))
    return [{ type: 'pods', pods: [guess], guessed: true }];
  return [{ type: 'unknown', what: `${kind} (${apiVersion})` }];
}

/** An API server leaves kind and version out of the items of a list of one kind. */
function itemOf(item: unknown, kind: string, apiVersion: string): unknown {
  const own = json(item);
  if (kind === 'List' || own['kind'] !== undefined) return item;
  return { apiVersion, kind: kind.slice(0, -4), ...own };
}
