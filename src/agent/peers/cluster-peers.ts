/**
 * The other ends of flows in a cluster, after any translation: whom the address belonged to when it was met. What
 * the kernel cannot tell (which backend a proxy chose) is told by the Service's endpoints, where they leave no choice.
 */
import type { Owned } from '#kubernetes/owner.ts';
import type { NodeState } from '#kubernetes/service-state.ts';
import type { PodState } from '#kubernetes/pod-state.ts';
import type { Workload } from '#kubernetes/workload.ts';
import { Ranges, specialPurpose } from './ranges.ts';
import { addressPeer, type Dialled, type Met, type PeerResolver } from './resolver.ts';
import { type DialledService, Services } from './services.ts';
import { Tenures } from './tenures.ts';

/** Facts about addresses that are gone are still under way for this long. */
const rememberMs = 600_000;
/** The cluster tells of a new address a moment after it is used. */
const patienceMs = 15_000;
/** Without the cluster's lists nobody can be named: they are worth a longer wait. */
const listsPatienceMs = 600_000;
/** More backends than this are not told one by one. */
const maxBackends = 8;

/** What of a pod tells its workload; asked when it is needed, since owners are told in any order. */
type PodHolder = Owned;
const tellingLabels = ['pod-template-hash', 'rollouts-pod-template-hash'];

export interface ClusterPeersOptions {
  readonly workloadOf: (pod: Owned) => Workload;
  readonly now: () => number;
  /** Whether all lists were read once. */
  readonly listed: () => boolean;
  /** Ranges of pods and Services that the cluster does not tell itself. */
  readonly cidrs: readonly string[];
}

export class ClusterPeers implements PeerResolver {
  readonly services = new Services();
  readonly #pods = new Tenures<PodHolder>();
  readonly #nodes = new Tenures<NodeState>();
  readonly #ranges: Ranges;
  readonly #options: ClusterPeersOptions;

  constructor(options: ClusterPeersOptions) {
    this.#options = options;
    this.#ranges = new Ranges(options.cidrs);
  }

  putPod(pod: PodState): void {
    const now = this.#options.now();
    // On the host's network it has the node's address, which says nothing of it.
    if (pod.hostNetwork) return;
    if (pod.finished) return this.#pods.leave(pod.uid, now);
    this.#ranges.met(pod.ips);
    const from = pod.started ?? pod.created;
    const { namespace, name, owner, node, created } = pod;
    const labels = Object.fromEntries(Object.entries(pod.labels).filter(([key]) => tellingLabels.includes(key)));
    const holder = { namespace, name, owner, node, created, labels };
    this.#pods.hold(pod.uid, holder, pod.ips, from, pod.terminating, now);
  }

  removePod(uid: string): void {
    this.#pods.leave(uid, this.#options.now());
  }

  putNode(node: NodeState): void {
    this.#ranges.put(node.uid, node.name, node.podCidrs);
    this.#nodes.hold(node.uid, node, node.ips, 0, false, this.#options.now());
  }

  removeNode(uid: string): void {
    this.#ranges.remove(uid);
    this.#nodes.leave(uid, this.#options.now());
  }

  forget(): void {
    const before = this.#options.now() - rememberMs;
    this.#pods.forget(before);
    this.#nodes.forget(before);
    this.services.forget(before);
  }

  get size(): number {
    return this.#pods.size + this.#nodes.size + this.services.size;
  }

  resolve(end: Dialled): readonly Met[] | null {
    const age = this.#options.now() - end.at;
    if (specialPurpose(end.ip)) return [{ peer: addressPeer(end.ip, end.names(end.ip)), port: end.port }];
    if (!this.#options.listed() && age < listsPatienceMs) return null;
    const met = this.#resolve(end);
    const open = met.some(({ peer }) => peer.type === 'unresolved');
    return open && age < patienceMs ? null : met;
  }

  #resolve(end: Dialled): readonly Met[] {
    const { direction, protocol, ip, port, before, at } = end;
    if (direction === 'ingress' || port === null) return [this.#direct(end)];
    if (before !== null) {
      const service = this.#service(before.ip, before.port, protocol, at);
      const met = this.#direct(end);
      return [service === null || service === undefined ? met : { ...met, service: told(service) }];
    }
    const service = this.#service(ip, port, protocol, at);
    // An address of Services, but no port of one: nobody answers there.
    if (service === undefined) return [{ peer: { type: 'unresolved', ip }, port }];
    return service === null ? [this.#direct(end)] : this.#behind(service, end);
  }

  #service(ip: string, port: number, protocol: string, at: number): DialledService | null | undefined {
    const own = this.services.at(ip, port, protocol, at);
    if (own !== null) return own;
    return this.#nodes.at(ip, at).length > 0 ? this.services.atNodePort(port, protocol) : null;
  }

  /** What a call to a Service was delivered to: told only where all that stands behind it is one peer. */
  #behind(service: DialledService, end: Dialled): readonly Met[] {
    const backends = this.services.backends(service, end.protocol);
    const unresolved: Met = { peer: { type: 'unresolved', ip: end.ip }, port: end.port, service: told(service) };
    const all = new Map<string, Met>();
    for (const { ip, port } of backends) {
      const met = { ...this.#direct({ ...end, ip, port }), service: told(service) };
      all.set(JSON.stringify(met), met);
    }
    const met = [...all.values()];
    const types = new Set(met.map(({ peer }) => peer.type));
    const workloads = new Set(met.map(({ peer }) => (peer.type === 'workload' ? JSON.stringify(peer.workload) : '')));
    const one = types.size === 1 && workloads.size === 1 && met.length <= maxBackends;
    // Different addresses outside are different peers; endpoints of the API server, or nodes, serve as one.
    const choice = types.has('address') && met.length > 1;
    return one && !choice && !types.has('unresolved') ? met : [unresolved];
  }

  /** Whoever had that address then. */
  #direct({ direction, ip, port, protocol, at, names }: Dialled): Met {
    const nodes = this.#nodes.at(ip, at);
    const server = this.#apiServer(protocol);
    const isServer = server.some((each) => each.ip === ip && (direction === 'ingress' || each.port === port));
    if (isServer && (direction === 'egress' || nodes.length === 0)) return { peer: { type: 'api-server', ip }, port };
    const workloads = new Map(
      this.#pods
        .at(ip, at)
        .map(this.#options.workloadOf)
        .map((workload) => [JSON.stringify(workload), workload]),
    );
    const [workload, another] = workloads.values();
    if (workload !== undefined)
      return { peer: another === undefined ? { type: 'workload', workload } : { type: 'unresolved', ip }, port };
    const node = nodes[0]?.name ?? this.#ranges.gatewayOf(ip);
    if (node !== null) return { peer: { type: 'node', node, ip }, port };
    const named = names(ip);
    const inside = this.#pods.has(ip) || this.services.at(ip, port ?? 0, protocol, at) !== null;
    return inside || this.#ranges.holds(ip, named.length > 0)
      ? { peer: { type: 'unresolved', ip }, port }
      : { peer: addressPeer(ip, named), port };
  }

  /** What stands behind the Service of that name. */
  #apiServer(protocol: string) {
    const service = { namespace: 'default', name: 'kubernetes', port: 443, portName: 'https' };
    return this.services.backends(service, protocol);
  }
}

function told({ namespace, name, port }: DialledService): NonNullable<Met['service']> {
  return { namespace, name, port };
}
