/** What judging calls, writing a mesh's policies and comparing them costs: synthetic clusters, one core, no root. */
import { fold } from '../src/baseline/fold.ts';
import { readingFlows } from '../src/imports/flows.ts';
import type { Cluster } from '../src/kubernetes/cluster.ts';
import type { Recording } from '../src/observation/recording.ts';
import type { JudgedCalls } from '../src/policies/call-evaluator.ts';
import type { Call } from '../src/policies/calls.ts';
import { judged as judgedByIstio } from '../src/policies/istio/evaluate.ts';
import { istio } from '../src/policies/istio/index.ts';
import { readingOptions as istioReading } from '../src/policies/istio/options.ts';
import type { PolicyKind } from '../src/policies/kind.ts';
import { judged as judgedByLinkerd } from '../src/policies/linkerd/evaluate.ts';
import { linkerd } from '../src/policies/linkerd/index.ts';
import { readingOptions as linkerdReading } from '../src/policies/linkerd/options.ts';
import { callees, clusterOf, random, thousands } from './clusters.ts';
import { print, rounds, table } from './print.ts';

type Row = readonly string[];
/** Pods of a workload. */
const copies = 3;

const meshes: readonly { readonly kind: PolicyKind; readonly judged: (text: string, of: Cluster) => JudgedCalls }[] = [
  { kind: istio, judged: (text, of) => judgedByIstio(text, istioReading.parse({}), of) },
  { kind: linkerd, judged: (text, of) => judgedByLinkerd(text, linkerdReading.parse({}), of) },
];

/** Each workload with a service account of its own. */
function meshOf(workloads: number): Cluster {
  const cluster = clusterOf(workloads, copies);
  return {
    ...cluster,
    pods: cluster.pods.map((pod) => ({ ...pod, serviceAccount: pod.workload.name })),
  };
}

/** Calls of the next ten workloads, as their proxies log them: of each path of five one of a hundred numbers. */
function recorded(cluster: Cluster, calls: number): Recording {
  const reader = readingFlows(cluster);
  const next = random(11);
  const { pods, workloads } = cluster;
  const podOf = (workload: number) => pods[workload * copies + Math.floor(next() * copies)];
  for (let at = 0; at < calls; at += 1) {
    // The first calls go to everybody once, so that each has a policy.
    const to = at < workloads.length ? at : Math.floor(next() * workloads.length);
    const from = (to + 1 + Math.floor(next() * callees)) % workloads.length;
    const [client, server] = [podOf(from), podOf(to)];
    const path = `/things-${Math.floor(next() * 5)}/${Math.floor(next() * 100)}`;
    reader.add(
      JSON.stringify({
        ts: 1_700_000_000 + at,
        direction: 'ingress',
        pod: `${server?.namespace}/${server?.name}`,
        local: { ip: server?.ips[0], port: 8080 },
        remote: { ip: client?.ips[0], port: 32_768 + Math.floor(next() * 28_000) },
        protocol: 'TCP',
        http: { method: next() < 0.8 ? 'GET' : 'POST', path },
      }),
    );
  }
  return reader.end().recording;
}

function least(task: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    task();
    best = Math.min(best, performance.now() - began);
  }
  return best;
}

function written(kind: PolicyKind, cluster: Cluster, recording: Recording, l7: boolean): string {
  const options = kind.options.parse({ mode: 'enforce', l7 });
  const made = kind.generate({ baselines: fold([recording]), cluster }, options);
  const { length } = cluster.workloads;
  if (made.type === 'abstained' || made.artifacts.length !== length)
    throw new Error(`not ${length} policies: ${JSON.stringify(made).slice(0, 300)}`);
  return made.artifacts.map(({ text }) => text).join('');
}

/** Random pairs of pods, four of five at the port that they have, with a request that was seen or was not. */
function callsOf({ calls }: JudgedCalls, { pods }: Cluster, count: number): Call[] {
  const next = random(7);
  const any = (): { pod: string } => {
    const { namespace, name } = pods[Math.floor(next() * pods.length)] ?? { namespace: '', name: '' };
    return { pod: `${namespace}/${name}` };
  };
  return Array.from({ length: count }, () => {
    const http = { method: 'GET', path: `/things-${Math.floor(next() * 7)}/${Math.floor(next() * 100)}` };
    const call = calls.asked({ src: any(), dst: any(), port: next() < 0.8 ? 8080 : 22, protocol: 'TCP', http });
    if (typeof call === 'string') throw new Error(call);
    return call;
  });
}

const milliseconds = (duration: number): string => `${duration.toFixed(duration < 10 ? 1 : 0)} ms`;

function rowsOf(workloads: number, calls: number): { writing: Row[]; judging: Row[]; comparing: Row[] } {
  const cluster = meshOf(workloads);
  const recording = recorded(cluster, calls);
  const name = (kind: PolicyKind): string => `${kind.name}, ${workloads} workloads, ${calls} calls`;
  const [writing, judging, comparing]: [Row[], Row[], Row[]] = [[], [], []];
  for (const { kind, judged } of meshes) {
    const text = written(kind, cluster, recording, true);
    writing.push([
      name(kind),
      milliseconds(least(() => written(kind, cluster, recording, false))),
      milliseconds(least(() => written(kind, cluster, recording, true))),
    ]);
    const { judge, ...world } = judged(text, cluster);
    const asked = callsOf({ judge, ...world }, cluster, 20_000);
    const took = least(() => {
      for (const call of asked) judge.judge(call);
    });
    judging.push([
      name(kind),
      milliseconds(least(() => void judged(text, cluster))),
      thousands(asked.length / (took / 1000)),
    ]);
    const moved = text.replace(/8080/, '8081');
    const first = cluster.workloads[0];
    if (first === undefined) throw new Error('there is a workload');
    comparing.push([
      name(kind),
      milliseconds(least(() => void kind.compare?.(text, text, {}, cluster))),
      milliseconds(least(() => void kind.compare?.(text, moved, {}, cluster))),
      milliseconds(least(() => void kind.reach?.(text, {}, cluster, first))),
    ]);
  }
  return { writing, judging, comparing };
}

export function bench(): void {
  const all = [
    [10, 100],
    [100, 1000],
    [1000, 10_000],
  ].map(([workloads = 0, calls = 0]) => rowsOf(workloads, calls));
  print("Writing a mesh's policies from recorded calls, pods of three");
  table([['', 'connections', 'requests'], ...all.flatMap(({ writing }) => writing)]);
  print('Judging calls with requests, random pairs of pods');
  table([['', 'reading', 'judging'], ...all.flatMap(({ judging }) => judging)]);
  print("Comparing two texts, and one workload's reach");
  table([['', 'the same', 'one policy moved', 'reach'], ...all.flatMap(({ comparing }) => comparing)]);
}
