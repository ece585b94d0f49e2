/** A flow in words that are the same for both of its ends, so that what each saw of it is counted together. */
import type { Observation, Peer } from '#observation/observation.ts';
import type { Container } from '#observation/recording.ts';

/** `Deployment shop/web → Deployment shop/db 5432/TCP`. */
export function aboutFlow(observation: Observation, by: Container): string {
  if (observation.type === 'dns') return `${nameOfOwn(by)} asks ${observation.server} for ${observation.name}`;
  if (observation.type !== 'flow') throw new Error(`network policies do not govern ${observation.type}`);
  const own = nameOfOwn(by);
  const other = nameOf(observation.peer);
  const [from, to] = observation.direction === 'egress' ? [own, other] : [other, own];
  const { port, protocol, icmpType } = observation;
  const what = port !== null ? `${port}/${protocol.toUpperCase()}` : icmpText(protocol, icmpType);
  return `${from} → ${to} ${what}`;
}

function nameOfOwn({ pod, workload }: Container): string {
  return pod === undefined ? workload : `${pod.kind} ${pod.namespace}/${workload}`;
}

function icmpText(protocol: string, type: number | undefined): string {
  const name = protocol === 'icmp' ? 'ICMP' : 'ICMPv6';
  return type === undefined ? name : `${name} type ${type}`;
}

function nameOf(peer: Peer): string {
  switch (peer.type) {
    case 'workload':
      return `${peer.workload.kind} ${peer.workload.namespace}/${peer.workload.name}`;
    case 'node':
      return `node ${peer.node}`;
    case 'api-server':
      return 'API server';
    case 'address':
      return peer.names?.[0] === undefined ? peer.ip : `${peer.names[0]} (${peer.ip})`;
    case 'unresolved':
      return `${peer.ip}, which nobody could name`;
  }
}
