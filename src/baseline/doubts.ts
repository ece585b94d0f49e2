/** Why baselines may not be all that there was to see. */
import type { Sensor } from '#observation/recording.ts';
import type { Baseline } from './baseline.ts';

/** Sentences, empty when the sensor watched every run to its end and lost nothing. `what`: `flows`. */
export function doubtsAbout(baselines: readonly Baseline[], sensor: Sensor, what: string): string[] {
  const instances = baselines.flatMap((each) => each.instances);
  const covered = baselines.flatMap(({ coverage }) => coverage.filter((each) => each.sensor === sensor));
  const found: string[] = [];
  const cut = instances.filter(({ complete }) => !complete).length;
  if (cut > 0) found.push(`${cut} of ${instances.length} recordings were cut before their end`);
  const lost = covered.reduce((sum, each) => sum + each.lost, 0);
  if (lost > 0) found.push(`${lost} ${what} were lost while recording`);
  const seen = new Set(covered.filter(({ state }) => state === 'ran').map(({ instance }) => instance));
  const blind = instances.filter(({ id }) => !seen.has(id)).length;
  if (blind > 0) found.push(`${what} were not recorded in ${blind} of ${instances.length} runs`);
  return found;
}

/** What a sensor could not see at all, sorted. */
export function gapsOf(baselines: readonly Baseline[], sensor: Sensor): string[] {
  const covered = baselines.flatMap(({ coverage }) => coverage.filter((each) => each.sensor === sensor));
  return [...new Set(covered.flatMap(({ gaps }) => gaps))].toSorted();
}
