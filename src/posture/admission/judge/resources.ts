/** Kinds that Kubernetes serves → their resources. Which those are is the API server's knowledge, not the object's. */

export interface Resource {
  readonly group: string;
  readonly version: string;
  /** `deployments`. */
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

const cluster = new Set(
  [
    'Namespace',
    'Node',
    'PersistentVolume',
    'StorageClass',
    'IngressClass',
    'PriorityClass',
    'RuntimeClass',
    'ClusterRole',
  ].concat(
    ['ClusterRoleBinding', 'CustomResourceDefinition', 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'],
    ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration', 'CSIDriver', 'APIService'],
  ),
);
const groups: Readonly<Record<string, string>> = {
  '': 'Namespace Node PersistentVolume Pod Service ServiceAccount Secret ConfigMap PersistentVolumeClaim ReplicationController PodTemplate Endpoints Event LimitRange ResourceQuota',
  apps: 'Deployment StatefulSet DaemonSet ReplicaSet ControllerRevision',
  batch: 'Job CronJob',
  'networking.k8s.io': 'Ingress IngressClass NetworkPolicy',
  'storage.k8s.io': 'StorageClass CSIDriver',
  policy: 'PodDisruptionBudget',
  autoscaling: 'HorizontalPodAutoscaler',
  'rbac.authorization.k8s.io': 'Role ClusterRole RoleBinding ClusterRoleBinding',
  'scheduling.k8s.io': 'PriorityClass',
  'node.k8s.io': 'RuntimeClass',
  'apiextensions.k8s.io': 'CustomResourceDefinition',
  'apiregistration.k8s.io': 'APIService',
  'discovery.k8s.io': 'EndpointSlice',
  'coordination.k8s.io': 'Lease',
  'admissionregistration.k8s.io':
    'ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration MutatingWebhookConfiguration',
};
const known = new Set(
  Object.entries(groups).flatMap(([group, kinds]) => kinds.split(' ').map((kind) => `${group}/${kind}`)),
);

/** Null for a kind that Kubernetes itself does not serve. */
export function resourceOf(apiVersion: string, kind: string): Resource | null {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  if (!known.has(`${group}/${kind}`)) return null;
  return { group, version: apiVersion.slice(slash + 1), resource: plural(kind), kind, namespaced: !cluster.has(kind) };
}

function plural(kind: string): string {
  const lower = kind.toLowerCase();
  if (lower === 'endpoints') return lower;
  if (/(s|x|ch)$/.test(lower)) return `${lower}es`;
  return /[^aeiou]y$/.test(lower) ? `${lower.slice(0, -1)}ies` : `${lower}s`;
}
