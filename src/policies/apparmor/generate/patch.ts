/** The part of a workload that names its profile, as a merge patch. It grants nothing itself. */
import { stringify } from 'yaml';
import type { Baseline, Place } from '#baseline/baseline.ts';

const apiVersions: Readonly<Record<string, string>> = {
  ...{ Deployment: 'apps/v1', StatefulSet: 'apps/v1', DaemonSet: 'apps/v1', ReplicaSet: 'apps/v1' },
  ...{ Job: 'batch/v1', CronJob: 'batch/v1', Pod: 'v1' },
};

/** Null where the workload's kind is not one of Kubernetes' own. Since 1.30; before, an annotation of the pod says it. */
export function patch({ workload, container }: Baseline, { namespace, kind }: Place, profile: string): string | null {
  const apiVersion = apiVersions[kind];
  if (apiVersion === undefined) return null;
  const appArmorProfile = { type: 'Localhost', localhostProfile: profile };
  const pod = { spec: { containers: [{ name: container, securityContext: { appArmorProfile } }] } };
  const spec =
    kind === 'Pod' ? pod.spec : kind === 'CronJob' ? { jobTemplate: { spec: { template: pod } } } : { template: pod };
  return stringify({ apiVersion, kind, metadata: { namespace, name: workload }, spec }, { lineWidth: 0 });
}
