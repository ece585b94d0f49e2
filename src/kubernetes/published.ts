/** What lets the world in. */
import type { Cluster, Service } from './cluster.ts';
import { selects } from './selectors.ts';
import { type Workload, workloadKey as keyOf } from './workload.ts';

/** A port of a workload's pods. */
export interface Door {
  readonly port: number | null;
  /** `tcp` and `TCP` are the same. */
  readonly protocol: string;
}

/** Services that let the world in to a workload's port. */
export function publishing(cluster: Cluster): (workload: Workload, at: Door) => Service[] {
  const open = cluster.services.filter(({ type }) => type === 'LoadBalancer' || type === 'NodePort');
  const pods = Map.groupBy(cluster.pods, ({ workload }) => keyOf(workload));
  return (workload, { port, protocol }) =>
    open.filter(({ namespace, selector, ports }) => {
      if (namespace !== workload.namespace || selector === null) return false;
      const own = pods.get(keyOf(workload)) ?? [];
      return own.some(
        (pod) =>
          selects({ matchLabels: selector }, pod.labels) &&
          ports.some(
            (each) =>
              each.protocol.toLowerCase() === protocol.toLowerCase() &&
              (each.targetPort === port ||
                pod.ports.some(
                  (named) =>
                    named.name === each.targetPort && named.containerPort === port && named.protocol === each.protocol,
                )),
          ),
      );
    });
}
