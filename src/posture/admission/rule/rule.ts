/** What all forms of an admission policy are written from. */
import type { Cel } from './cel.ts';

export interface Subject {
  readonly kind: string;
  /** Empty for objects of the cluster. */
  readonly namespace: string;
  readonly name: string;
  /** The kind of another controller than Kubernetes' own: what it makes next has another name. */
  readonly madeBy?: string;
}

export interface Target {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly resource: string;
  /** Then it is changed, not made. */
  readonly subresource?: 'ephemeralcontainers' | 'resize';
}

/** Named values that expressions may use as `variables.NAME`, in the order in which they build on each other. */
export const variableNames = ['pod', 'podSpec', 'containers', 'ownContainers'] as const;
export type VariableName = (typeof variableNames)[number];

export interface Rule {
  /** Lower case, digits and dashes; unique without the dashes, too. */
  readonly id: string;
  readonly targets: readonly Target[];
  /** Namespaces that it is for. */
  readonly scope: Scope;
  readonly holds: Cel;
  /** One line of printable ASCII without braces and dollars. */
  readonly message: string;
  /** Holds for so many of so many. */
  readonly support: { readonly holds: number; readonly of: number };
  /** For whom it does not hold and need not. */
  readonly exceptions: readonly Subject[];
  /** What it reads of an object: a change that leaves all of it as it was is nobody's matter. */
  readonly reads: readonly Part[];
  /** What it lets through that was not seen, and why. */
  readonly widening: string | null;
}

export interface Part {
  /** Where it reads this of one kind alone. */
  readonly kind?: 'Pod';
  readonly path: readonly string[];
}

/** Of pods and of their templates. A template is not all of a spec: replicas change while it stays. */
export function inPods(...path: readonly string[]): Part[] {
  const templates = [['spec', 'template'], ['spec', 'jobTemplate', 'spec', 'template'], ['template']];
  return [{ kind: 'Pod', path }, ...templates.map((each): Part => ({ path: [...each, ...path] }))];
}

export type Scope = { readonly only: readonly string[] } | { readonly except: readonly string[] };

export function inScope(scope: Scope, namespace: string): boolean {
  return 'only' in scope ? scope.only.includes(namespace) : !scope.except.includes(namespace);
}

export function subjectText({ kind, namespace, name }: Subject): string {
  return namespace === '' ? `${kind}/${name}` : `${kind}/${namespace}/${name}`;
}

/** With what a reader must know before it is enforced. */
export function exceptionText(subject: Subject): string {
  const { madeBy } = subject;
  return `${subjectText(subject)}${madeBy === undefined ? '' : ` (made by ${shortKind(madeBy)}, whose next one is not excepted)`}`;
}

/** Kinds of custom resources are anybody's words. */
function shortKind(kind: string): string {
  return /^[A-Za-z]{1,63}$/.test(kind) ? kind : 'a custom resource';
}

const of = (group: string, version: string, kind: string, resource: string): Target => ({
  group,
  version,
  kind,
  resource,
});
const pods = of('', 'v1', 'Pod', 'pods');
const ephemeral: Target = { ...pods, subresource: 'ephemeralcontainers' };
/** Kubernetes 1.33. An older API server has no such requests and takes policies about them. */
const resize: Target = { ...pods, subresource: 'resize' };
const deployments = of('apps', 'v1', 'Deployment', 'deployments');
const statefulSets = of('apps', 'v1', 'StatefulSet', 'statefulsets');
const daemonSets = of('apps', 'v1', 'DaemonSet', 'daemonsets');
const replicaSets = of('apps', 'v1', 'ReplicaSet', 'replicasets');
const cronJobs = of('batch', 'v1', 'CronJob', 'cronjobs');

/** Pods and what makes them: a policy about pods alone lets a Deployment in that never comes up. */
const workloads = [
  pods,
  deployments,
  statefulSets,
  daemonSets,
  replicaSets,
  of('', 'v1', 'ReplicationController', 'replicationcontrollers'),
  of('', 'v1', 'PodTemplate', 'podtemplates'),
  of('batch', 'v1', 'Job', 'jobs'),
  cronJobs,
];

export const targets = {
  workloads,
  /** With debug containers, which come by a request of their own that can change nothing else. */
  containers: [...workloads, ephemeral],
  /** With what changes requests and limits of a pod that runs. */
  sized: [...workloads, resize],
  pods: [pods, ephemeral],
  /** That people make and name. */
  deployed: [deployments, statefulSets, daemonSets, cronJobs],
  serving: [deployments, statefulSets, daemonSets],
  replicated: [deployments, statefulSets],
  statefulSets: [statefulSets],
  services: [of('', 'v1', 'Service', 'services')],
  namespaces: [of('', 'v1', 'Namespace', 'namespaces')],
  claims: [of('', 'v1', 'PersistentVolumeClaim', 'persistentvolumeclaims')],
  ingresses: [of('networking.k8s.io', 'v1', 'Ingress', 'ingresses')],
} as const satisfies Readonly<Record<string, readonly Target[]>>;
