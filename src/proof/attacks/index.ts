/** The list. Raise the version with every change of an attack: scores are compared by it. */
import type { Attack } from './attack.ts';
import { files } from './files.ts';
import { kernel } from './kernel.ts';
import { network } from './network.ts';
import { programs } from './programs.ts';

export const attacksVersion = 1;

export const attacks: readonly Attack[] = [...files, ...programs, ...kernel, ...network];

export type { Act, Attack } from './attack.ts';
