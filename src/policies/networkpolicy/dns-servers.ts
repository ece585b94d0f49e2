/** Who answers behind the address that a question of DNS was sent to. */
import type { Cluster } from '#kubernetes/cluster.ts';
import { representatives } from '#kubernetes/representatives.ts';
import { selects } from '#kubernetes/selectors.ts';
import type { Endpoint } from './judge/endpoint.ts';
import type { Judge } from './judge/judge.ts';

/** Of a Service its pods: that is what policies see. Empty where nobody can be named. */
export function serversOf(ip: string, { endpoints }: Judge, { services, pods }: Cluster): readonly Endpoint[] {
  const service = services.find(({ clusterIPs }) => clusterIPs.includes(ip));
  if (service !== undefined) {
    const { namespace, selector } = service;
    if (selector === null) return [];
    const behind = pods.filter((pod) => pod.namespace === namespace && selects({ matchLabels: selector }, pod.labels));
    return representatives(behind).map((pod) => endpoints.named({ pod: `${pod.namespace}/${pod.name}` }));
  }
  const end = endpoints.named({ ip });
  return end.type === 'unresolved' ? [] : [end];
}
