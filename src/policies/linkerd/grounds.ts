/** Grants that stand beside an evident one on purpose. */
import type { Cluster } from '#kubernetes/cluster.ts';

export function groundOf(permission: string, { nodes }: Cluster): string | null {
  if (/^HTTPRoute \S+-probes: /.test(permission))
    return "kubelet's probes: with routes of its own a Server has none for them";
  const ips = new Set(nodes.flatMap((node) => node.ips));
  const [, ip = ''] = /network ([0-9a-f.:]+)\/\d+$/.exec(permission) ?? [];
  return ips.has(ip) ? 'a node: what comes from one node may come from any' : null;
}
