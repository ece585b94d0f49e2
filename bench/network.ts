/** What judging flows and writing policies costs: synthetic clusters, one core, no root. */
import { fold } from '../src/baseline/fold.ts';
import { readingFlows } from '../src/imports/flows.ts';
import type { Cluster } from '../src/kubernetes/cluster.ts';
import { judgeOf } from '../src/policies/networkpolicy/judge/judge.ts';
import type { Flow } from '../src/policies/networkpolicy/judge/policy.ts';
import { networkpolicy } from '../src/policies/networkpolicy/index.ts';
import { callees, clusterOf, random, thousands } from './clusters.ts';
import { print, rounds, table } from './print.ts';

type Row = readonly string[];

function policiesOf(cluster: Cluster): object[] {
  const { workloads } = cluster;
  const peer = (at: number): object => {
    const { namespace, selector } = workloads[(at + workloads.length) % workloads.length] ?? {
      namespace: '',
      selector: {},
    };
    return { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } }, podSelector: selector };
  };
  const ports = [{ protocol: 'TCP', port: 8080 }];
  const near = Array.from({ length: callees }, (_, at) => at + 1);
  return workloads.map(({ namespace, name, selector }, at) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace },
    spec: {
      podSelector: selector,
      policyTypes: ['Ingress', 'Egress'],
      ingress: near.map((step) => ({ from: [peer(at - step)], ports })),
      egress: near.map((step) => ({ to: [peer(at + step)], ports })),
    },
  }));
}

function judging(policies: number): Row {
  const cluster = clusterOf(policies, 10);
  const objects = policiesOf(cluster).map((object, at) => ({ object, where: `policies[${at}]` }));
  const read = performance.now();
  const judge = judgeOf(objects, cluster, { dialect: 'ipblock-matches-pods' });
  const ready = performance.now() - read;
  const { pods } = judge.endpoints;
  const next = random(7);
  const any = <T>(all: readonly T[]): T => all[Math.floor(next() * all.length)] as T;
  const flows = Array.from(
    { length: 200_000 },
    (): Flow => ({ src: any(pods), dst: any(pods), port: next() < 0.8 ? 8080 : 22, protocol: 'TCP' }),
  );
  const perSecond = (): number => {
    const began = performance.now();
    for (const flow of flows) judge.judgeFlow(flow);
    return flows.length / ((performance.now() - began) / 1000);
  };
  // The first round finds out which policies select which pods.
  const first = perSecond();
  let best = 0;
  for (let round = 0; round < rounds; round += 1) best = Math.max(best, perSecond());
  return [`${policies} policies, ${pods.length} pods`, `${ready.toFixed(0)} ms`, thousands(first), thousands(best)];
}

function generating(workloads: number, flowCount: number): Row {
  const cluster = clusterOf(workloads, 3);
  const next = random(11);
  const { pods } = cluster;
  const lineAt = (at: number): string => {
    const from = Math.floor(next() * workloads);
    const to = (from + 1 + Math.floor(next() * callees)) % workloads;
    const copy = (of: number) => pods[of * 3 + Math.floor(next() * 3)];
    const [src, dst] = [copy(from), copy(to)];
    const port = 32_768 + Math.floor(next() * 28_000);
    return JSON.stringify({
      ts: 1_700_000_000 + at / 100,
      direction: 'egress',
      pod: `${src?.namespace}/${src?.name}`,
      local: { ip: src?.ips[0], port },
      remote: { ip: dst?.ips[0], port: 8080 },
      protocol: 'TCP',
      state: 'SYN_SENT->ESTABLISHED',
    });
  };
  const reader = readingFlows(cluster);
  const cpu = { user: 0, system: 0 };
  let reading = 0;
  // In pieces, as a file comes: a million lines at once are the collector's business, not ours.
  for (let at = 0; at < flowCount; at += 10_000) {
    const piece = Array.from({ length: Math.min(10_000, flowCount - at) }, (_, step) => lineAt(at + step));
    const before = process.cpuUsage();
    const began = performance.now();
    for (const line of piece) reader.add(line);
    reading += performance.now() - began;
    const used = process.cpuUsage(before);
    cpu.user += used.user;
    cpu.system += used.system;
  }
  const before = process.cpuUsage();
  const began = performance.now();
  const { recording } = reader.end();
  const baselines = fold([recording]);
  const result = networkpolicy.generate({ baselines, cluster }, networkpolicy.options.parse({}));
  const writing = performance.now() - began;
  const used = process.cpuUsage(before);
  const count = result.type === 'artifacts' ? result.artifacts.length : 0;
  if (count !== workloads)
    throw new Error(`${count} policies for ${workloads} workloads: ${JSON.stringify(result).slice(0, 300)}`);
  const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
  return [
    `${workloads} workloads, ${flowCount} flows`,
    seconds(reading),
    seconds(writing),
    seconds(reading + writing),
    seconds((cpu.user + cpu.system + used.user + used.system) / 1000),
  ];
}

export function bench(): void {
  print('Judging flows, both ends, random pairs of pods');
  table([['', 'reading', 'first round', 'best round'], ...[100, 1000, 10_000].map((policies) => judging(policies))]);
  print('Writing policies from a log of flows');
  table([
    ['', 'reading', 'writing', 'together', 'of the CPU'],
    ...[100, 1000].map((workloads) => generating(workloads, workloads * 1000)),
  ]);
}
