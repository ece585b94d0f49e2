/**
 * The defaults of the API server that change a verdict, for manifests that never saw one. A volume without a source becomes
 * an emptyDir, and with hostNetwork each port of a container or init container is a host port of the same number. Other
 * defaults (procMount `Default`, an empty securityContext) are what the checks take for unset anyway. Deprecated
 * annotations are not turned into fields: both are read where a version reads both. Templates are defaulted as the pods
 * that come from them; since 1.28 an API server leaves their host ports to the pods.
 */
import type { Container, PodView, Volume } from './pod.ts';

/** The same pod, as it would be stored. What has its values already stays the same object. */
export function defaulted(pod: PodView): PodView {
  const volumes = pod.volumes.some(lacksSource)
    ? pod.volumes.map((volume) => (lacksSource(volume) ? { ...volume, emptyDir: {} } : volume))
    : pod.volumes;
  if (pod.spec.hostNetwork !== true) return volumes === pod.volumes ? pod : { ...pod, volumes };
  const containers = pod.containers.map((placed) =>
    placed.field === 'ephemeralContainers' ? placed : { ...placed, container: withHostPorts(placed.container) },
  );
  return { ...pod, volumes, containers };
}

export function lacksSource(volume: Volume): boolean {
  return sourcesOf(volume).length === 0;
}

/** What stands beside the name. */
export function sourcesOf(volume: Volume): string[] {
  return Object.keys(volume).filter((key) => key !== 'name' && volume[key] !== null && volume[key] !== undefined);
}

function withHostPorts(container: Container): Container {
  if (!(container.ports ?? []).some(({ hostPort }) => (hostPort ?? 0) === 0)) return container;
  const ports = container.ports?.map((port) =>
    (port.hostPort ?? 0) === 0 ? { ...port, hostPort: port.containerPort } : port,
  );
  return { ...container, ports };
}
