/** Where usage comes from: agents (recordings, the broker), Prometheus, metrics.k8s.io. */
import type { Baseline } from '#baseline/baseline.ts';
import { doubtsAbout } from '#baseline/doubts.ts';
import { fold } from '#baseline/fold.ts';
import { secondsOf } from '#posture/resources/quantity.ts';
import type { ContainerUsage } from '#posture/resources/series.ts';
import { type PodUsage, podUsages } from '#posture/resources/sources/metrics-api.ts';
import { podPattern } from '#posture/resources/sources/pod-names.ts';
import type { Asked } from '#posture/resources/sources/prometheus.ts';
import { type Measured, seriesOf } from '#posture/resources/sources/recordings.ts';
import type { Api } from '../cluster/api.ts';
import { openCluster } from '../cluster/open.ts';
import { type EvidenceFlags, findEvidence } from '../evidence.ts';
import { Failure } from '../failure.ts';
import { tell } from '../story.ts';
import type { Wanted } from './resources-cluster.ts';
import { openPrometheus, type Prometheus, type PrometheusFlags } from './resources-prometheus.ts';

export type SourceFlags = EvidenceFlags &
  PrometheusFlags & { readonly step: string; readonly rateWindow: string; readonly observationPeriod: string };

/** Of recordings in files. */
export async function fromRecordings(name: string | undefined, flags: SourceFlags): Promise<Measured[]> {
  const { recordings, selects } = await findEvidence(name, flags, { objects: false, since: false });
  return measuredOf(fold(recordings).filter(selects), name);
}

export async function fromBroker(name: string | undefined, flags: SourceFlags): Promise<Measured[]> {
  const cluster = openCluster(flags, 'a recording with --from FILE, or usage with --series FILE');
  try {
    const scopes = await cluster.scopes(name);
    const period = (secondsOf(flags.observationPeriod) ?? 0) * 1000;
    const begin = new Date(Math.max(0, Date.now() - period)).toISOString();
    const broker = await cluster.broker();
    const baselines: Baseline[] = [];
    for (const scope of scopes) {
      const since = scope.since ?? begin;
      // Nodes with other kernels have recordings of their own, of the same containers.
      baselines.push(...fold(await broker.recordings({ ...scope, type: 'usage', since })));
    }
    return measuredOf(baselines, name);
  } finally {
    cluster.close();
  }
}

function measuredOf(baselines: readonly Baseline[], name: string | undefined): Measured[] {
  const all = seriesOf(baselines).filter(({ containers }) => containers.some(({ replicas }) => replicas.length > 0));
  if (all.length === 0)
    throw new Failure(
      `no usage ${name === undefined ? '' : `of ${name} `}was sampled in what was recorded; --metrics names another source`,
    );
  for (const doubt of doubtsAbout(baselines, 'usage', 'samples of usage')) tell(doubt);
  return all;
}

/** What is wrong with the flags is said before anything is asked. */
export async function fromPrometheus(
  url: string,
  flags: SourceFlags,
): Promise<(wanted: readonly Wanted[]) => Promise<Measured[]>> {
  const seconds = (flag: string, text: string): number => {
    const read = secondsOf(text);
    if (read !== null && read >= 1 && Number.isInteger(read)) return read;
    throw new Failure(`${flag} takes a length of time in whole seconds (30s, 2m), not ${JSON.stringify(text)}`);
  };
  const [step, window] = [seconds('--step', flags.step), seconds('--rate-window', flags.rateWindow)];
  const period = secondsOf(flags.observationPeriod) ?? 0;
  const prometheus = await openPrometheus(url, flags);
  return (wanted) => usageOf(prometheus, wanted, { step, window, period, selector: flags.prometheusSelector ?? '' });
}

async function usageOf(
  prometheus: Prometheus,
  wanted: readonly Wanted[],
  { period, ...how }: Pick<Asked, 'step' | 'window' | 'selector'> & { readonly period: number },
): Promise<Measured[]> {
  const until = Math.floor(Date.now() / 1000);
  const found: Measured[] = [];
  for (const workload of wanted) {
    const asked = { ...how, namespace: workload.namespace, workload };
    const containers = await prometheus.usage(asked, Math.max(0, until - period), until);
    if (containers.length > 0) found.push(measured(workload, containers));
    else tell(`Prometheus knows no usage of ${workload.namespace}/${workload.name}`);
  }
  if (found.length === 0)
    throw new Failure('Prometheus knows no usage of what was asked for; --observation-period looks further back');
  return found;
}

export async function fromMetricsServer(api: Api, wanted: readonly Wanted[]): Promise<Measured[]> {
  const usages: PodUsage[] = [];
  for (const namespace of new Set(wanted.map((each) => each.namespace))) {
    const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${encodeURIComponent(namespace)}/pods`;
    usages.push(...(await api.list(path)).flatMap(podUsages));
  }
  tell(
    'metrics.k8s.io tells what is used at this moment and nothing of before: no ground for figures; our agents (--metrics agent) or Prometheus know more',
  );
  const found = wanted.flatMap((workload) => {
    const pattern = new RegExp(`^(?:${podPattern(workload)})$`);
    const own = usages.filter(({ namespace, pod }) => namespace === workload.namespace && pattern.test(pod));
    const containers = [...Map.groupBy(own, ({ container }) => container)].map(([name, all]) => ({
      name,
      replicas: all.map(({ replica }) => replica),
      current: null,
    }));
    return containers.length === 0 ? [] : [measured(workload, containers)];
  });
  if (found.length === 0)
    throw new Failure('metrics.k8s.io knows no pod of what was asked for; is metrics-server there?');
  return found;
}

function measured({ namespace, kind, name }: Wanted, containers: readonly ContainerUsage[]): Measured {
  // Of a workload whose kind nobody told, the pods' names alone are known.
  const workload = kind === null ? null : { namespace, kind, name };
  return { id: [namespace, kind, name].filter((each) => each !== null).join('/'), workload, name, containers };
}
