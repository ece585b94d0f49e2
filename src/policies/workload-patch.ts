/** The part of a workload that names its profile, as a strategic merge patch. It grants nothing itself. */
import { stringify } from 'yaml';
import type { Baseline } from '#baseline/baseline.ts';
import type { Artifact } from './kind.ts';
import { artifactPath, containerName } from './names.ts';

const apiVersions: Readonly<Record<string, string>> = {
  ...{ Deployment: 'apps/v1', StatefulSet: 'apps/v1', DaemonSet: 'apps/v1', ReplicaSet: 'apps/v1' },
  ...{ Job: 'batch/v1', CronJob: 'batch/v1', Pod: 'v1' },
};

/**
 * `securityContext` is the container's, in part: `{appArmorProfile: {type, localhostProfile}}`. None where there is no
 * cluster, or the workload's kind is not one of Kubernetes' own.
 */
export function workloadPatches(baseline: Baseline, securityContext: object, suffix: string): Artifact[] {
  const { place, workload, container } = baseline;
  const apiVersion = place === null ? undefined : apiVersions[place.kind];
  if (place === null || apiVersion === undefined) return [];
  const { kind, namespace } = place;
  const pod = { spec: { containers: [{ name: container, securityContext }] } };
  const spec =
    kind === 'Pod' ? pod.spec : kind === 'CronJob' ? { jobTemplate: { spec: { template: pod } } } : { template: pod };
  const text = stringify({ apiVersion, kind, metadata: { namespace, name: workload }, spec }, { lineWidth: 0 });
  const path = artifactPath(containerName(baseline), suffix);
  return [{ path, text, judged: false, beside: true, applied: 'patch' }];
}
