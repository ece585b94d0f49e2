/** The part of a workload that says what its ports without a Server let through, as a merge patch. It grants nothing. */
import type { Workload } from '#kubernetes/workload.ts';
import type { YamlMap } from '#kubernetes/yaml-text.ts';

const apiVersions: Readonly<Record<string, string>> = {
  ...{ Deployment: 'apps/v1', StatefulSet: 'apps/v1', DaemonSet: 'apps/v1', ReplicaSet: 'apps/v1' },
  ...{ Job: 'batch/v1', CronJob: 'batch/v1' },
};

/** Null where the workload's kind has no template of Kubernetes' own; injection reads a pod once, when it is made. */
export function patch({ namespace, kind, name }: Workload, policy: 'audit' | 'deny'): YamlMap | null {
  const apiVersion = apiVersions[kind];
  if (apiVersion === undefined) return null;
  const template = { metadata: { annotations: { 'config.linkerd.io/default-inbound-policy': policy } } };
  const spec = kind === 'CronJob' ? { jobTemplate: { spec: { template } } } : { template };
  return { apiVersion, kind, metadata: { name, namespace }, spec };
}
