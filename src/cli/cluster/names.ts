/** `deploy/web`, `pod/web-5d4f-x`, a bare name: workloads as kubectl's users name them. */
import { Failure } from '../failure.ts';

/** A name as it was given: `kind` null for a bare one. */
export interface Named {
  readonly kind: string | null;
  readonly name: string;
}

/** kubectl's short and plural names. */
const kinds: readonly (readonly [kind: string, ...names: string[]])[] = [
  ['Deployment', 'deployment', 'deployments', 'deploy'],
  ['StatefulSet', 'statefulset', 'statefulsets', 'sts'],
  ['DaemonSet', 'daemonset', 'daemonsets', 'ds'],
  ['CronJob', 'cronjob', 'cronjobs', 'cj'],
  ['Job', 'job', 'jobs'],
  ['ReplicaSet', 'replicaset', 'replicasets', 'rs'],
  ['ReplicationController', 'replicationcontroller', 'replicationcontrollers', 'rc'],
  ['Pod', 'pod', 'pods', 'po'],
];

export function namedBy(argument: string): Named {
  const [before = '', name] = argument.split('/');
  if (name === undefined) return { kind: null, name: before };
  // A group may follow, `deployment.apps`.
  const word = before.toLowerCase().split('.')[0] ?? '';
  const known = kinds.find(([, ...names]) => names.includes(word));
  if (name === '' || argument.split('/').length > 2)
    throw new Failure(`name a workload as KIND/NAME or NAME, not ${JSON.stringify(argument)}`);
  // A custom resource's kind is taken as it is written.
  return { kind: known?.[0] ?? before, name };
}
