/** Services and what stands behind them, by the address and port that are dialled. */
import type { EndpointsState, ServiceState } from '#kubernetes/service-state.ts';
import { Tenures } from './tenures.ts';

export interface DialledService {
  readonly namespace: string;
  readonly name: string;
  /** The Service's own port. */
  readonly port: number;
  /** Ties the port to the endpoints' one. */
  readonly portName: string;
}

export interface Backend {
  readonly ip: string;
  readonly port: number;
}

export class Services {
  readonly #tenures = new Tenures<ServiceState>();
  readonly #byNodePort = new Map<string, Map<string, DialledService>>();
  readonly #slices = new Map<string, EndpointsState>();
  readonly #slicesOf = new Map<string, Set<string>>();

  put(service: ServiceState, now: number): void {
    this.#tenures.hold(service.uid, service, service.ips, service.created, false, now);
    this.#forgetNodePorts(service.uid);
    for (const { port, name, protocol, nodePort } of service.ports) {
      if (nodePort === null) continue;
      const key = `${protocol} ${nodePort}`;
      const same = this.#byNodePort.get(key) ?? new Map<string, DialledService>();
      same.set(service.uid, { namespace: service.namespace, name: service.name, port, portName: name });
      this.#byNodePort.set(key, same);
    }
  }

  remove(uid: string, now: number): void {
    this.#tenures.leave(uid, now);
    this.#forgetNodePorts(uid);
  }

  putEndpoints(slice: EndpointsState): void {
    this.removeEndpoints(slice.uid);
    this.#slices.set(slice.uid, slice);
    const key = `${slice.namespace}/${slice.service}`;
    const all = this.#slicesOf.get(key) ?? new Set();
    all.add(slice.uid);
    this.#slicesOf.set(key, all);
  }

  removeEndpoints(uid: string): void {
    const slice = this.#slices.get(uid);
    if (slice === undefined) return;
    this.#slices.delete(uid);
    const key = `${slice.namespace}/${slice.service}`;
    const all = this.#slicesOf.get(key);
    all?.delete(uid);
    if (all?.size === 0) this.#slicesOf.delete(key);
  }

  /** The Service at an address of its own; null for an address that is none, undefined for a port that it has not. */
  at(ip: string, port: number, protocol: string, time: number): DialledService | null | undefined {
    const holders = this.#tenures.at(ip, time);
    if (holders.length === 0) return null;
    for (const { namespace, name, ports } of holders) {
      const found = ports.find((each) => each.port === port && each.protocol === protocol);
      if (found !== undefined) return { namespace, name, port, portName: found.name };
    }
    return undefined;
  }

  /** The Service behind a port of every node. */
  atNodePort(port: number, protocol: string): DialledService | null {
    const [found] = this.#byNodePort.get(`${protocol} ${port}`)?.values() ?? [];
    return found ?? null;
  }

  /** All that a call to the Service may have been delivered to, sorted. */
  backends({ namespace, name, portName }: DialledService, protocol: string): Backend[] {
    const found = new Map<string, Backend>();
    for (const uid of this.#slicesOf.get(`${namespace}/${name}`) ?? []) {
      const slice = this.#slices.get(uid);
      for (const port of slice?.ports ?? []) {
        if (port.name !== portName || port.protocol !== protocol || port.port === null) continue;
        for (const ip of slice?.ips ?? []) found.set(`${ip} ${port.port}`, { ip, port: port.port });
      }
    }
    return [...found.values()].toSorted((a, b) => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : a.port - b.port));
  }

  forget(before: number): void {
    this.#tenures.forget(before);
  }

  get size(): number {
    return this.#tenures.size;
  }

  #forgetNodePorts(uid: string): void {
    for (const same of this.#byNodePort.values()) same.delete(uid);
  }
}
