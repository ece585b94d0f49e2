/** Proofs in words. */
import type { Observation } from '#observation/observation.ts';
import { printable } from '#observation/text.ts';
import type { Replay } from '#proof/replay.ts';
import { count } from './story.ts';

/** `replay allows 213 of 213 observations`, and what is open. */
export function replayLine({ allowed, denied, unknown, doubts }: Replay): string {
  const rest = [denied > 0 ? `${denied} refused` : '', unknown > 0 ? `${unknown} unknown` : ''].filter(
    (text) => text !== '',
  );
  const open =
    doubts.length > 0 ? `; ${count(doubts.length, 'limit')} of the recording (kguardian inspect names them)` : '';
  return `replay allows ${allowed} of ${allowed + denied + unknown} observations${rest.length > 0 ? `, ${rest.join(', ')}` : ''}${open}`;
}

export function offenceLines({ offences }: Replay): string[] {
  return offences.map(
    ({ observation, verdict }) =>
      `  ${verdict.verdict === 'deny' ? 'refused' : 'unknown'}: ${describe(observation)}: ${printable(verdict.rule)}`,
  );
}

/** One observation as a line: its own fields, without those that all have. */
export function describe(observation: Observation): string {
  const { type, ...fields } = observation;
  const shown = Object.entries(fields).filter(([name]) => !['container', 'seen', 'program', 'phase'].includes(name));
  const by = 'program' in observation ? ` by ${observation.program ?? 'unknown'} (${observation.phase})` : '';
  return printable(
    `${type} ${shown.map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`).join(' ')}${by}`,
  );
}
