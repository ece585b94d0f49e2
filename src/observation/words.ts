/** What an observation is about, in few words: the same for all that differ in time, program or phase alone. */
import type { Observation } from './observation.ts';

export function wordsOf(observation: Observation): string {
  switch (observation.type) {
    case 'syscall':
    case 'syscall-denied':
      return `call ${observation.name ?? observation.nr} (${observation.arch})`;
    case 'exec':
      return `run ${observation.path}`;
    case 'exit':
      return 'end';
    case 'file':
      return `${observation.access} ${observation.path}`;
    case 'file-failed':
      return `fail to open ${observation.path}`;
    case 'capability':
      return `use ${observation.name}`;
    case 'flow':
    case 'listen':
      return `${observation.type === 'listen' ? 'listen at' : observation.direction} ${observation.port ?? ''}/${observation.protocol}`;
    case 'socket':
      return `make a socket ${observation.family} ${observation.kind}`;
    case 'signal':
      return `${observation.direction} signal ${observation.signal}`;
    case 'ptrace':
      return `${observation.direction} by ptrace (${observation.access})`;
    case 'mount':
      return `mount ${observation.source} at ${observation.target}`;
    case 'rlimit':
      return `limit ${observation.resource}`;
    case 'dns':
      return `ask for ${observation.name}`;
    case 'usage':
      return 'usage';
  }
}
