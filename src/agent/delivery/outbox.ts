/** News → recordings in the spool. What the disk does not take waits in memory, within bounds. */
import { arch as machine, release } from 'node:os';
import type { Observation } from '#observation/observation.ts';
import type { Container, Coverage, Line, Sensor } from '#observation/recording.ts';
import { sensorOf } from '#observation/sensor-of.ts';
import { writeRecording } from '#observation/writing.ts';
import { cgroupLayout } from '../cgroups.ts';
import type { Spool } from './spool.ts';

/** Facts in one recording: about a megabyte of text, so that neither we nor a broker need much memory at once. */
const maxFacts = 4000;
const maxWaiting = 100_000;

export class Outbox {
  readonly #spool: Spool;
  readonly #by: string;
  #containers = new Map<string, Container>();
  #waiting: Observation[] = [];
  #coverage: Coverage[] = [];
  #lost = new Map<string, Map<Sensor, number>>();

  constructor(spool: Spool, by: string) {
    this.#spool = spool;
    this.#by = by;
  }

  /** Null when all is on disk; otherwise the disk's reason. */
  async put(
    containers: readonly Container[],
    observations: readonly Observation[],
    coverage: readonly Coverage[],
    now: number,
  ): Promise<string | null> {
    for (const container of containers) this.#containers.set(container.id, container);
    this.#waiting = this.#waiting.concat(observations);
    this.#coverage = this.#coverage.concat(coverage);
    try {
      while (this.#waiting.length > 0 || this.#coverage.length > 0) {
        const facts = this.#waiting.slice(0, maxFacts);
        await this.#spool.add(this.#recording(facts, now), now);
        this.#waiting = this.#waiting.slice(maxFacts);
        this.#coverage = [];
      }
      this.#containers = new Map();
      return null;
    } catch (error) {
      for (const { container, type } of this.#waiting.splice(0, Math.max(0, this.#waiting.length - maxWaiting))) {
        const own = this.#lost.get(container) ?? new Map<Sensor, number>();
        own.set(sensorOf(type), (own.get(sensorOf(type)) ?? 0) + 1);
        this.#lost.set(container, own);
      }
      return (error as Error).message;
    }
  }

  /** What had no room in memory either, since the last call. */
  takeLost(): ReadonlyMap<string, ReadonlyMap<Sensor, number>> {
    const lost = this.#lost;
    this.#lost = new Map();
    return lost;
  }

  #recording(facts: readonly Observation[], now: number): string[] {
    const named = new Set([...facts, ...this.#coverage].map(({ container }) => container));
    const body: Line[] = [
      {
        type: 'recording',
        version: 1,
        by: this.#by,
        started: now,
        node: { arch: machine() === 'arm64' ? 'aarch64' : 'x86_64', kernel: release(), cgroups: cgroupLayout() },
      },
      ...[...this.#containers.values()].filter(({ id }) => named.has(id)),
      ...latest(this.#coverage),
      ...facts,
    ];
    return writeRecording([...body, { type: 'end', ended: now, lines: body.length }]);
  }
}

/** Of what waited, the last word on each watch. */
function latest(coverage: readonly Coverage[]): Coverage[] {
  return [...new Map(coverage.map((each) => [`${each.container} ${each.sensor} ${each.from}`, each])).values()];
}
