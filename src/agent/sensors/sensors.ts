/** The sensors, in the order in which they attach: `programs` first, since it names what the others saw. */
import { capabilities } from './capabilities.ts';
import { dns } from './dns.ts';
import { files } from './files.ts';
import { network } from './network.ts';
import { operations } from './operations.ts';
import { programs } from './programs.ts';
import type { SensorKind } from './sensor.ts';
import { syscalls } from './syscalls.ts';
import { usage } from './usage.ts';

export const sensors: readonly SensorKind[] = [
  programs,
  syscalls,
  files,
  capabilities,
  network,
  operations,
  dns,
  usage,
];
