/** Which sensor sees facts of a type. */
import type { Observation } from './observation.ts';
import type { Sensor } from './recording.ts';

const sensors: Readonly<Record<Observation['type'], Sensor>> = {
  syscall: 'syscalls',
  'syscall-denied': 'syscalls',
  exec: 'programs',
  exit: 'programs',
  file: 'files',
  'file-failed': 'files',
  capability: 'capabilities',
  flow: 'network',
  listen: 'network',
  socket: 'operations',
  signal: 'operations',
  ptrace: 'operations',
  mount: 'operations',
  rlimit: 'operations',
  dns: 'dns',
  usage: 'usage',
};

export function sensorOf(type: Observation['type']): Sensor {
  return sensors[type];
}

/** The types of facts that these sensors see. */
export function typesOf(wanted: readonly Sensor[]): Observation['type'][] {
  return Object.entries(sensors).flatMap(([type, sensor]) =>
    // The table's own keys.
    wanted.includes(sensor) ? [type as Observation['type']] : [],
  );
}
