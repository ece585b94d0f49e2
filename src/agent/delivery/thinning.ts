/** What remains of a recording that had to make room: no facts, and word of how many there were. */
import type { Line, Sensor } from '#observation/recording.ts';
import { sensorOf } from '#observation/sensor-of.ts';
import { writeRecording } from '#observation/writing.ts';

/** These sensors keep their facts in the kernel while the container is there: what was lost on the way is told again. */
const retellable: readonly Sensor[] = ['syscalls', 'capabilities', 'network'];

export interface Thinned {
  readonly lines: readonly string[];
  /** Facts that are lost with it, by container and sensor. */
  readonly lost: ReadonlyMap<string, ReadonlyMap<Sensor, number>>;
}

/** `lines`: a whole recording's. Its coverage lines count what is left out as lost, unless it is told again. */
export function thinned(lines: readonly string[], isRetold: (container: string) => boolean): Thinned {
  const parsed = lines.map((text) => JSON.parse(text) as Line);
  const lost = new Map<string, Map<Sensor, number>>();
  const kept: Line[] = [];
  for (const each of parsed) {
    if (each.type === 'recording' || each.type === 'container' || each.type === 'coverage' || each.type === 'end') {
      kept.push(each);
      continue;
    }
    const sensor = sensorOf(each.type);
    if (retellable.includes(sensor) && isRetold(each.container)) continue;
    const own = lost.get(each.container) ?? new Map<Sensor, number>();
    own.set(sensor, (own.get(sensor) ?? 0) + 1);
    lost.set(each.container, own);
  }
  return {
    lost,
    lines: writeRecording(
      kept.map((each): Line => {
        if (each.type === 'end') return { ...each, lines: kept.length - 1 };
        if (each.type !== 'coverage') return each;
        return { ...each, lost: each.lost + (lost.get(each.container)?.get(each.sensor) ?? 0) };
      }),
    ),
  };
}
