/** A pod's spec → what kubelet asks it. Commands run inside of the container and are no connection. */
import type { Probe } from './cluster.ts';
import { json, type Json, list, text, whole } from './json.ts';

/** Sorted by port, without repeats. */
export function probesOf(spec: Json): Probe[] {
  // Init containers with `restartPolicy: Always` are probed, too.
  const containers = [...list(spec['containers']), ...list(spec['initContainers'])].map(json);
  const found = containers.flatMap((container) =>
    ['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((name) => probeOf(json(container[name]), container)),
  );
  const byText = new Map(found.map((each) => [`${String(each.port).padStart(5, '0')} ${each.path ?? ''}`, each]));
  return [...byText].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}

function probeOf({ httpGet, tcpSocket, grpc }: Json, container: Json): Probe[] {
  const port = portOf(json(httpGet)['port'] ?? json(tcpSocket)['port'] ?? json(grpc)['port'], container);
  if (port === null) return [];
  return [httpGet === undefined ? { port } : { port, path: pathOf(json(httpGet)) }];
}

function pathOf({ path }: Json): string {
  const own = text(path) ?? '/';
  return own.startsWith('/') ? own : `/${own}`;
}

/** A name is that of a port of the same container. */
function portOf(given: unknown, { ports }: Json): number | null {
  const number = whole(given) ?? (/^\d+$/.test(String(given)) ? Number(given) : null);
  if (number !== null) return number;
  const named = list(ports)
    .map(json)
    .find((each) => each['name'] === given);
  return whole(named?.['containerPort']);
}
