/** Whom a policy is about. */
import type { Cluster, Labels } from '#kubernetes/cluster.ts';
import { selects } from '#kubernetes/selectors.ts';
import type { Called } from '../../calls.ts';
import type { Policy } from './read.ts';

const gatewayName = 'gateway.networking.k8s.io/gateway-name';

export function selectsLabels(matchLabels: Labels | null, labels: Labels): boolean {
  return selects({ matchLabels }, labels);
}

/** By its selector, at the workload's own proxy or at ztunnel. A gateway's pods are named by targetRefs, too. */
export function isAboutWorkload(policy: Policy, called: Called, rootNamespace: string): boolean {
  const { namespace, targets, matchLabels } = policy;
  if (namespace !== called.namespace && namespace !== rootNamespace) return false;
  if (targets.length === 0) return selectsLabels(matchLabels, called.labels);
  const gateway = called.labels[gatewayName];
  return (
    gateway !== undefined &&
    namespace === called.namespace &&
    targets.some(({ kind, name }) => kind === 'Gateway' && name === gateway)
  );
}

/** By targetRefs, at the waypoint before the workload: the Gateway itself, its class, or a Service of the workload. */
export function isAboutWaypoint(
  { namespace, targets }: Policy,
  called: Called,
  { waypoint, rootNamespace, cluster }: { waypoint: string; rootNamespace: string; cluster: Cluster },
): boolean {
  return targets.some(({ kind, name }) => {
    if (kind === 'GatewayClass') return namespace === rootNamespace && name === 'istio-waypoint';
    if (namespace !== called.namespace) return false;
    if (kind === 'Gateway') return name === waypoint;
    return kind === 'Service' && servicesOf(cluster, called).some((each) => each.name === name);
  });
}

export function servicesOf({ services }: Cluster, called: Called): Cluster['services'] {
  return services.filter(
    ({ namespace, selector }) =>
      namespace === called.namespace && selector !== null && selectsLabels(selector, called.labels),
  );
}

/** The Services' own ports that lead to a port of the pod. */
export function servicePorts(cluster: Cluster, called: Called, port: number): number[] {
  const named = called.ports.filter(({ containerPort }) => containerPort === port).map(({ name }) => name);
  return servicesOf(cluster, called).flatMap(({ ports }) =>
    ports
      .filter(
        ({ targetPort, protocol }) =>
          protocol === 'TCP' && (targetPort === port || (typeof targetPort === 'string' && named.includes(targetPort))),
      )
      .map((each) => each.port),
  );
}
