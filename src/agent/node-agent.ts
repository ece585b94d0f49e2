/**
 * The agent of one node: records every container of its pods, names them, and hands what is new to the spool.
 * Three rhythms: rings are drained often while something comes and seldom while nothing does, containers are named
 * twice a second, news is told every flush interval.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Observation } from '#observation/observation.ts';
import type { ClusterView } from './cluster/cluster-view.ts';
import { CoverageLedger, type SensorNow } from './delivery/coverage.ts';
import { Deltas } from './delivery/deltas.ts';
import { Outbox } from './delivery/outbox.ts';
import type { Spool } from './delivery/spool.ts';
import { Births } from './identity/births.ts';
import { Containers, type Tracked } from './identity/containers.ts';
import type { Known } from './identity/naming.ts';
import type { Scope } from './scope.ts';
import { attachAll, type SensorState } from './sensors/attach.ts';
import type { AttachedSensor } from './sensors/sensor.ts';

export interface NodeAgentOptions {
  readonly scope: Scope;
  readonly spool: Spool;
  readonly cluster: ClusterView;
  readonly clusterName: string;
  readonly node: string;
  /** Program and version, for the recordings' first line. */
  readonly by: string;
  /** The folder in which kubelet makes its cgroups. */
  readonly cgroupRoot: string;
  readonly mount: string;
  readonly flushMs: number;
  readonly holdMs: number;
  readonly selects: (namespace: string) => boolean;
  readonly say: (sentence: string) => void;
}

const busyDrainMs = 50;
const idleDrainMs = 250;
const nameEveryMs = 500;
const epochEveryMs = 1000;
const endsEveryMs = 30_000;
/** After its end a container's last facts settle: outcomes, and names of addresses. */
const settleMs = 20_000;
/** Without the cluster's lists its flows wait longer. */
const settleWithoutListsMs = 620_000;

export class NodeAgent {
  readonly containers: Containers;
  readonly deltas = new Deltas();
  readonly coverage = new CoverageLedger();
  readonly states: readonly SensorState[];
  /** How containers are met. */
  readonly hook: string;
  /** The longest time that rings waited since it was last asked for. */
  lagMs = 0;
  lastDrain = Date.now();
  /** Containers that were sent and let go. */
  released = 0;
  readonly births: Births;
  readonly attached: readonly AttachedSensor[];
  readonly #options: NodeAgentOptions;
  readonly #outbox: Outbox;
  #lookedForEnds = Date.now();

  /** From here on the kernel records; throws when it allows nothing at all. */
  constructor(options: NodeAgentOptions) {
    this.#options = options;
    const { scope } = options;
    this.#outbox = new Outbox(options.spool, options.by);
    this.containers = new Containers(scope, options.mount);
    this.births = new Births(scope, options.cgroupRoot);
    const { attached, states } = attachAll(scope);
    if (attached.length === 0) throw new Error(`cannot record on this node: ${states[0]?.hook ?? 'no sensor'}`);
    this.attached = attached;
    this.states = states;
    this.hook = this.births.attach();
    for (const birth of this.births.lookAround()) this.#begin(birth);
    for (const sensor of attached) {
      sensor.catchUp?.();
      sensor.drain();
    }
  }

  /** Until `signal`; then the last news is spooled. */
  async run(signal: AbortSignal): Promise<void> {
    const telling = this.#tellUntil(signal);
    let [named, epoch, pauseMs] = [0, 0, idleDrainMs];
    while (!signal.aborted) {
      await sleep(pauseMs);
      const now = Date.now();
      this.lagMs = Math.max(this.lagMs, now - this.lastDrain - pauseMs);
      this.lastDrain = now;
      pauseMs = this.#drain() ? busyDrainMs : idleDrainMs;
      if (now - named >= nameEveryMs) {
        named = now;
        this.#name();
      }
      if (now - epoch >= epochEveryMs) {
        epoch = now;
        // Repeats are seen again once a second: that is what a system call's count means.
        this.#options.scope.moveOn();
      }
    }
    await telling;
    this.#name();
    await this.tell(true);
    for (const sensor of this.attached) sensor.close();
  }

  /** Hands on what is new. `last`: nothing comes after it. */
  async tell(last = false): Promise<void> {
    const now = Date.now();
    const sensors = this.sensorsNow();
    const closing: Tracked[] = [];
    const settled = this.#options.cluster.listed ? settleMs : settleWithoutListsMs;
    const named = this.containers.named();
    for (const tracked of named) {
      const { subject } = tracked.birth;
      if (tracked.ended !== null) this.coverage.close(subject, tracked.ended, sensors);
      if (last || (tracked.ended !== null && now - tracked.ended > settled)) this.deltas.close(subject);
      if (tracked.ended !== null && now - tracked.ended > settled) closing.push(tracked);
    }
    const observations = this.attached.flatMap((sensor): Observation[] => {
      this.deltas.turnTo(sensor.sensor);
      return sensor.collect(this.deltas);
    });
    this.deltas.considered(
      named.map(({ birth }) => birth.subject),
      now,
    );
    const withFacts = new Set(observations.map(({ container }) => container));
    const lines = named.flatMap(({ birth, container }) =>
      this.coverage.lines(birth.subject, container, last || withFacts.has(container.id), now, sensors),
    );
    const failed = await this.#outbox.put(
      named.map(({ container }) => container),
      observations,
      lines,
      now,
    );
    if (failed !== null) {
      this.#options.say(`cannot spool: ${failed}; what is new waits in memory`);
      for (const [container, bySensor] of this.#outbox.takeLost())
        for (const [sensor, facts] of bySensor) this.lose(container, sensor, facts);
      return;
    }
    for (const tracked of closing) {
      this.containers.release(tracked);
      this.deltas.forget(tracked.birth.subject);
      this.coverage.forget(tracked.birth.subject);
      this.released += 1;
    }
    // Cgroups that containers made within their own are not told of one by one.
    if (closing.length > 0) this.#options.scope.sweep();
  }

  sensorsNow(): SensorNow[] {
    return this.states.map(({ sensor, available, hook }) => {
      const attached = this.attached.find((each) => each.sensor === sensor);
      return { sensor, available, hook, lost: attached?.lost() ?? 0, gaps: attached?.gaps() ?? [] };
    });
  }

  /** Whether what was sent of it is still known; then it is all news again. */
  retell(container: string): boolean {
    const tracked = this.#find(container);
    if (tracked === undefined) return false;
    this.deltas.again(tracked.birth.subject);
    return true;
  }

  lose(container: string, sensor: SensorNow['sensor'], facts: number): void {
    const tracked = this.#find(container);
    if (tracked !== undefined) this.coverage.lose(tracked.birth.subject, sensor, facts);
  }

  async #tellUntil(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#options.flushMs, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await this.tell();
    }
  }

  /** Whether anything was there. */
  #drain(): boolean {
    const { made, removed } = this.births.drain();
    for (const birth of made) this.#begin(birth);
    for (const { cgroup, at } of removed) this.containers.end(cgroup, at);
    const found = this.attached.map((sensor) => sensor.drain()).includes(true);
    return found || made.length > 0;
  }

  #begin(birth: Tracked['birth']): void {
    this.coverage.open(birth.subject, birth.fromStart ? birth.at : Date.now(), this.sensorsNow());
    this.containers.begin(birth);
  }

  #name(): void {
    const now = Date.now();
    if (now - this.#lookedForEnds > endsEveryMs) {
      this.#lookedForEnds = now;
      this.containers.lookForEnds(now);
      this.#options.cluster.forget();
    }
    this.containers.name(this.#known(), now);
    for (const { id, podUid } of this.containers.takeUnnamed())
      this.#options.say(`container ${id} of pod ${podUid} was never named by the API server: its facts are not sent`);
  }

  #known(): Known {
    const { clusterName, node, cluster, selects, holdMs } = this.#options;
    return {
      cluster: clusterName,
      node,
      pods: cluster.pods,
      podsFollowed: cluster.podsFollowed,
      above: cluster.above,
      selects,
      holdMs,
    };
  }

  #find(container: string): Tracked | undefined {
    return this.containers.named().find(({ id }) => id === container);
  }
}
