/** Grants that stand beside an evident one on purpose. */
import type { Cluster } from '#kubernetes/cluster.ts';

export function groundOf(permission: string, { nodes }: Cluster): string | null {
  const ips = new Set(nodes.flatMap((node) => node.ips));
  const [, ip = ''] = /ipBlocks "([0-9a-f.:]+)\/\d+"/.exec(permission) ?? [];
  if (ips.has(ip)) return 'a node: what comes from one node may come from any';
  return null;
}
