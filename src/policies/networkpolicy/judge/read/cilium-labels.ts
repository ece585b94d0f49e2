/** The labels of a pod as Cilium's selectors see them: its own, and some of its namespace, cluster and service account. */
import type { Labels } from '#kubernetes/cluster.ts';
import type { Identity } from '../endpoint.ts';

export function ciliumLabels(identity: Identity, { clusterName }: { readonly clusterName: string }): Labels {
  const known = labelsKnown.get(identity);
  if (known !== undefined) return known;
  const { labels, namespace, namespaceLabels, serviceAccount } = identity;
  const made = {
    ...Object.fromEntries(
      Object.entries(namespaceLabels).map(([key, value]) => [`io.cilium.k8s.namespace.labels.${key}`, value]),
    ),
    ...labels,
    'io.kubernetes.pod.namespace': namespace,
    'io.cilium.k8s.policy.cluster': clusterName,
    ...(serviceAccount === null ? {} : { 'io.cilium.k8s.policy.serviceaccount': serviceAccount }),
  };
  labelsKnown.set(identity, made);
  return made;
}
const labelsKnown = new WeakMap<Identity, Labels>();
