/** What each sensor saw of each container, and what was lost meanwhile. */
import type { Container, Coverage, Sensor } from '#observation/recording.ts';

/** A sensor as it stands now. */
export interface SensorNow {
  readonly sensor: Sensor;
  readonly available: boolean;
  readonly hook: string;
  /** Facts dropped since the start, over all containers. */
  readonly lost: number;
  readonly gaps: readonly string[];
}

interface Watch {
  readonly from: number;
  readonly lostBefore: ReadonlyMap<Sensor, number>;
  /** Lost after the sensors had seen it, on the way to the broker. */
  readonly lostLater: Map<Sensor, number>;
  /** What the sensors had lost when it ended. */
  closed: { readonly to: number; readonly sensors: readonly SensorNow[] } | null;
  told: string;
  toldAt: number;
}

/** Without anything new, a container's coverage is told this often. */
const everyMs = 300_000;

export class CoverageLedger {
  /** By subject. */
  readonly #watches = new Map<number, Watch>();

  open(subject: number, from: number, sensors: readonly SensorNow[]): void {
    if (this.#watches.has(subject)) return;
    const lostBefore = new Map(sensors.map(({ sensor, lost }) => [sensor, lost]));
    this.#watches.set(subject, { from, lostBefore, lostLater: new Map(), closed: null, told: '', toldAt: 0 });
  }

  /** Which sensor lost how much is not known by container: what was lost while it ran may have been its own. */
  close(subject: number, to: number, sensors: readonly SensorNow[]): void {
    const watch = this.#watches.get(subject);
    if (watch !== undefined) watch.closed ??= { to, sensors };
  }

  lose(subject: number, sensor: Sensor, facts: number): void {
    const later = this.#watches.get(subject)?.lostLater;
    later?.set(sensor, (later.get(sensor) ?? 0) + facts);
  }

  forget(subject: number): void {
    this.#watches.delete(subject);
  }

  /** The lines of a container, where it has facts to go with them, they changed, or it is time. */
  lines(subject: number, { id }: Container, hasFacts: boolean, now: number, sensors: readonly SensorNow[]): Coverage[] {
    const watch = this.#watches.get(subject);
    if (watch === undefined) return [];
    const to = watch.closed?.to ?? now;
    const lines = (watch.closed?.sensors ?? sensors).map((each) => line(id, watch, each, to));
    const told = JSON.stringify(lines.map((each) => ({ ...each, to: watch.closed === null ? 0 : each.to })));
    if (!hasFacts && told === watch.told && now - watch.toldAt < everyMs) return [];
    watch.told = told;
    watch.toldAt = now;
    return lines;
  }
}

function line(container: string, watch: Watch, now: SensorNow, to: number): Coverage {
  const { sensor, available, hook, lost, gaps } = now;
  const own = lost - (watch.lostBefore.get(sensor) ?? 0) + (watch.lostLater.get(sensor) ?? 0);
  return {
    type: 'coverage',
    container,
    sensor,
    state: available ? 'ran' : 'unavailable',
    hook,
    from: watch.from,
    to: Math.max(to, watch.from),
    lost: available ? Math.max(0, own) : 0,
    gaps: [...gaps],
  };
}
