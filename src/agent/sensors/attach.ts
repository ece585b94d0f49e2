/** All sensors on a scope: those that this kernel and our rights allow, and why the others are not there. */
import type { Sensor } from '#observation/recording.ts';
import type { AttachedSensor, SensorContext } from './sensor.ts';
import { sensors } from './sensors.ts';

export interface SensorState {
  readonly sensor: Sensor;
  readonly available: boolean;
  /** Its hooks, or why there are none. */
  readonly hook: string;
}

/** Nothing can be recorded when `attached` is empty. */
export function attachAll(context: SensorContext): { attached: AttachedSensor[]; states: SensorState[] } {
  const attached: AttachedSensor[] = [];
  const states = sensors.map((kind): SensorState => {
    try {
      const sensor = kind.attach(context);
      attached.push(sensor);
      return { sensor: kind.sensor, available: true, hook: sensor.hook };
    } catch (error) {
      return { sensor: kind.sensor, available: false, hook: (error as Error).message };
    }
  });
  return { attached, states };
}
