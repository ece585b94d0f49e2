/** The resources that the double serves, and how a path names one of them. */

export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** As in the path: `replicasets`. */
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

const table: readonly (readonly [groupVersion: string, namespaced: string, cluster: string])[] = [
  [
    'v1',
    'Pod Service Endpoints ServiceAccount ConfigMap Secret Event ReplicationController PersistentVolumeClaim ResourceQuota LimitRange',
    'Namespace Node PersistentVolume',
  ],
  ['apps/v1', 'Deployment ReplicaSet StatefulSet DaemonSet ControllerRevision', ''],
  ['batch/v1', 'Job CronJob', ''],
  ['autoscaling/v2', 'HorizontalPodAutoscaler', ''],
  ['policy/v1', 'PodDisruptionBudget', ''],
  ['discovery.k8s.io/v1', 'EndpointSlice', ''],
  ['coordination.k8s.io/v1', 'Lease', ''],
  ['networking.k8s.io/v1', 'NetworkPolicy Ingress', ''],
  ['rbac.authorization.k8s.io/v1', 'Role RoleBinding', 'ClusterRole ClusterRoleBinding'],
  ['authentication.k8s.io/v1', '', 'TokenReview SelfSubjectReview'],
  ['authorization.k8s.io/v1', '', 'SubjectAccessReview SelfSubjectAccessReview'],
  ['apiextensions.k8s.io/v1', '', 'CustomResourceDefinition'],
  [
    'admissionregistration.k8s.io/v1',
    '',
    'ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration MutatingWebhookConfiguration',
  ],
];

/** `/v1, Pod` → pods. Custom resources are added by the test. */
export const builtIn: readonly Resource[] = table.flatMap(([groupVersion, namespaced, cluster]) => [
  ...words(namespaced).map((kind) => resourceOf(groupVersion, kind, true)),
  ...words(cluster).map((kind) => resourceOf(groupVersion, kind, false)),
]);

export function resourceOf(groupVersion: string, kind: string, namespaced: boolean): Resource {
  const [version = '', group = ''] = groupVersion.split('/').toReversed();
  return { group, version, plural: pluralOf(kind), kind, namespaced };
}

function words(text: string): string[] {
  return text.split(' ').filter((word) => word !== '');
}

function pluralOf(kind: string): string {
  const lower = kind.toLowerCase();
  if (lower === 'endpoints') return lower;
  if (lower.endsWith('s')) return `${lower}es`;
  return lower.endsWith('y') ? `${lower.slice(0, -1)}ies` : `${lower}s`;
}

export const groupVersionOf = ({ group, version }: Resource): string =>
  group === '' ? version : `${group}/${version}`;

/** As in messages: `deployments.apps`, `pods`. */
export const qualifiedName = ({ group, plural }: Resource): string => (group === '' ? plural : `${plural}.${group}`);

export interface Target {
  readonly resource: Resource;
  readonly namespace: string | null;
  readonly name: string | null;
  readonly subresource: string | null;
}

/** What a path below /api or /apis names; null where nothing is served. */
export function targetOf(path: string, resources: readonly Resource[]): Target | null {
  const parts = path.split('/').slice(1).map(decodeURIComponent);
  const core = parts[0] === 'api';
  if (!core && parts[0] !== 'apis') return null;
  const [group, version] = core ? ['', parts[1]] : [parts[1], parts[2]];
  const rest = parts.slice(core ? 2 : 3);
  // `namespaces/NAME/pods` is below a namespace, `namespaces/NAME` and its subresources are the namespace itself.
  const below = rest[0] === 'namespaces' && rest.length > 2 && !['status', 'finalize'].includes(rest[2] ?? '');
  const [plural, name = null, subresource = null] = below ? rest.slice(2) : rest;
  const resource = resources.find((each) => each.group === group && each.version === version && each.plural === plural);
  if (resource === undefined || (below && !resource.namespaced)) return null;
  return { resource, namespace: below ? (rest[1] ?? null) : null, name, subresource };
}
