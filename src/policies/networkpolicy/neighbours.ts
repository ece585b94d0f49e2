/** The enumeration: every pair of workloads, every port that one of them has, whether observed or not. */
import type { Cluster, ClusterPod } from '#kubernetes/cluster.ts';
import { representatives } from '#kubernetes/representatives.ts';
import type { FlowQuestion } from './flow-query.ts';
import type { Judge } from './judge/judge.ts';

/** A port that nothing should listen on, asked beside those that are known. */
const closed = { port: 22, protocol: 'TCP' } as const;
/** An address of the world that documentation keeps free: nobody was seen from it. */
const stranger = '192.0.2.254';

/** Flows from and to every isolated workload. What lets one of them through must have evidence. */
export function* neighbours(judge: Judge, { pods }: Cluster): Generator<{ query: FlowQuestion; label: string }> {
  const all = representatives(pods.filter(({ hostNetwork }) => !hostNetwork));
  const isolated = new Set(all.filter((pod) => judge.isolates(judge.endpoints.named({ pod: nameOf(pod) }))));
  for (const dst of all) {
    const ports = [
      ...dst.ports.map(({ containerPort, protocol }) => ({
        port: containerPort,
        protocol: protocol as 'TCP' | 'UDP' | 'SCTP',
      })),
      closed,
    ];
    for (const { port, protocol } of ports) {
      for (const src of all) {
        if (src === dst || !(isolated.has(src) || isolated.has(dst))) continue;
        yield question({ pod: nameOf(src) }, { pod: nameOf(dst) }, port, protocol);
      }
      if (isolated.has(dst)) yield question({ ip: stranger }, { pod: nameOf(dst) }, port, protocol);
    }
  }
  for (const src of isolated) yield question({ pod: nameOf(src) }, { ip: stranger }, 443, 'TCP');
}

function question(
  src: FlowQuestion['src'],
  dst: FlowQuestion['dst'],
  port: number,
  protocol: FlowQuestion['protocol'],
) {
  return {
    query: { src, dst, port, protocol },
    label: `${src.pod ?? src.ip} → ${dst.pod ?? dst.ip} ${port}/${protocol}`,
  };
}

function nameOf({ namespace, name }: ClusterPod): string {
  return `${namespace}/${name}`;
}
