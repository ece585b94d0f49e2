/** The labels by which a policy names a workload: its controller's own, verified to select exactly its pods. */
import type { Cluster, ClusterPod, Labels } from './cluster.ts';
import { isNamespaceName } from './names.ts';
import { isLabelKey, isLabelValue, type LabelSelector, selects } from './selectors.ts';
import { type Workload, workloadKey as keyOf } from './workload.ts';

export type Named =
  | {
      readonly type: 'selector';
      readonly selector: LabelSelector;
      /** Other workloads whose pods it selects as well, since no label tells them apart. */
      readonly also: readonly string[];
    }
  | { readonly type: 'unnamed'; readonly reason: string };

/** Labels that change with a rollout, a pod or a node. */
const volatileKeys = [
  'pod-template-hash',
  'controller-revision-hash',
  'pod-template-generation',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
  'controller-uid',
  'job-name',
  'helm.sh/chart',
  'app.kubernetes.io/version',
];
const volatilePrefixes = ['batch.kubernetes.io/', 'topology.kubernetes.io/', 'topology.'];

export function isVolatile(key: string): boolean {
  return volatileKeys.includes(key) || volatilePrefixes.some((prefix) => key.startsWith(prefix));
}

/** `labels` are of pods that were watched, for a workload that the cluster no longer has. */
export function naming(cluster: Cluster): (workload: Workload, labels?: readonly Labels[]) => Named {
  const pods = cluster.pods.filter(({ hostNetwork }) => !hostNetwork);
  const byWorkload = Map.groupBy(pods, ({ workload }) => keyOf(workload));
  const byNamespace = Map.groupBy(pods, ({ namespace }) => namespace);
  const controllers = new Map(cluster.workloads.map((each) => [keyOf(each), each.selector]));
  const known = new Map<string, Named>();

  function name(workload: Workload, watched: readonly Labels[]): Named {
    const own = byWorkload.get(keyOf(workload)) ?? [];
    const labels = own.length > 0 ? own.map((pod) => pod.labels) : watched;
    const common = commonLabels(labels);
    const selector = stable(controllers.get(keyOf(workload))) ?? { matchLabels: common };
    if (isEmpty(selector))
      return { type: 'unnamed', reason: `no lasting label tells the pods of ${workload.kind} ${workload.name} apart` };
    if (own.some((pod) => !selects(selector, pod.labels)))
      return {
        type: 'unnamed',
        reason: `the selector of ${workload.kind} ${workload.name} does not select all of its pods`,
      };
    const others = (byNamespace.get(workload.namespace) ?? []).filter((pod) => keyOf(pod.workload) !== keyOf(workload));
    return narrowed(selector, common, others);
  }

  return (workload, watched = []) => {
    const key = keyOf(workload);
    const made = known.get(key) ?? name(workload, watched);
    known.set(key, made);
    return made;
  };
}

/** Adds labels that all own pods have, as long as each of them leaves out pods of somebody else. */
function narrowed(selector: LabelSelector, common: Labels, others: readonly ClusterPod[]): Named {
  let matchLabels: Labels = { ...selector.matchLabels };
  let foreign = others.filter(({ labels }) => selects(selector, labels));
  for (const [key, value] of Object.entries(common)) {
    if (foreign.length === 0) break;
    const left = foreign.filter(({ labels }) => labels[key] === value);
    if (left.length === foreign.length) continue;
    matchLabels = { ...matchLabels, [key]: value };
    foreign = left;
  }
  const also = [...new Set(foreign.map(({ workload }) => `${workload.kind} ${workload.name}`))].toSorted();
  return { type: 'selector', selector: { ...selector, matchLabels: sorted(matchLabels) }, also };
}

/** The controller's selector without what its generator put in; undefined when nothing is left. */
function stable(selector: LabelSelector | undefined): LabelSelector | undefined {
  if (selector === undefined) return undefined;
  const matchLabels = Object.fromEntries(
    Object.entries(selector.matchLabels ?? {}).filter(([key]) => !isVolatile(key)),
  );
  const matchExpressions = (selector.matchExpressions ?? []).filter(({ key }) => !isVolatile(key));
  const left: LabelSelector = matchExpressions.length === 0 ? { matchLabels } : { matchLabels, matchExpressions };
  return isEmpty(left) ? undefined : left;
}

function commonLabels(all: readonly Labels[]): Labels {
  const [first = {}, ...rest] = all;
  return sorted(
    Object.fromEntries(
      Object.entries(first).filter(([key, value]) => !isVolatile(key) && rest.every((labels) => labels[key] === value)),
    ),
  );
}

function isEmpty({ matchLabels, matchExpressions }: LabelSelector): boolean {
  return Object.keys(matchLabels ?? {}).length === 0 && (matchExpressions ?? []).length === 0;
}

function sorted(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** What the API server would refuse in a selector for the workload's pods; null for nothing. Recordings may say anything. */
export function namingFault({ namespace }: Workload, { matchLabels, matchExpressions }: LabelSelector): string | null {
  if (!isNamespaceName(namespace)) return `${JSON.stringify(namespace)} is no name of a namespace`;
  const entries = Object.entries(matchLabels ?? {});
  const broken = entries.find(([key, value]) => !isLabelKey(key) || !isLabelValue(value));
  if (broken !== undefined) return `${JSON.stringify(broken.join('='))} is no label`;
  const expression = (matchExpressions ?? []).find(
    ({ key, values }) => !isLabelKey(key) || !(values ?? []).every(isLabelValue),
  );
  return expression === undefined ? null : `${JSON.stringify(expression.key)} is asked for what is no label`;
}
