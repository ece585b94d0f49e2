/** The sensors, in the order in which they attach: `programs` first, since it names what the others saw. */
import { files } from './files.ts';
import { programs } from './programs.ts';
import type { SensorKind } from './sensor.ts';
import { syscalls } from './syscalls.ts';

export const sensors: readonly SensorKind[] = [programs, syscalls, files];
