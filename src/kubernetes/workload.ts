/** What a user deploys: the controller above a pod's ReplicaSet or Job, or the pod itself where it has none. */
import { z } from 'zod';

export const workload = z.strictObject({
  namespace: z.string().min(1),
  /** `Deployment`, `StatefulSet`, `DaemonSet`, `CronJob`, `Job`, `Pod`, or a custom resource's kind. */
  kind: z.string().min(1),
  name: z.string().min(1),
});

export type Workload = Readonly<z.infer<typeof workload>>;

/** One text for one workload, whatever object names it. */
export function workloadKey({ namespace, kind, name }: Workload): string {
  return `${namespace}/${name}/${kind}`;
}
